// Sends ten bytes to itself and prints what arrives.
`timescale 1ns / 1ps
module bench;
  reg clk = 0, rst_n = 0, write = 0, read = 0;
  reg [7:0] in;
  wire line, full, empty, broken;
  wire [7:0] out;
  integer k;

  uart dut (
      .clk(clk), .rst_n(rst_n), .divisor(12'd7), .rx(line), .tx(line),
      .write(write), .in(in), .full(full), .read(read), .out(out), .empty(empty), .broken(broken)
  );
  always #5 clk = ~clk;

  initial begin
    repeat (3) @(negedge clk);
    rst_n = 1;
    for (k = 0; k < 10; k = k + 1) begin
      write = 1;
      in = k * 37 + 5;
      @(negedge clk);
    end
    write = 0;
    repeat (10 * 10 * 8 + 50) @(negedge clk);
    while (!empty) begin
      $display("%0d", out);
      read = 1;
      @(negedge clk);
    end
    $display("broken %b full %b", broken, full);
    $finish;
  end
endmodule
