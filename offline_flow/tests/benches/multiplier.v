// Multiplies two numbers bit by bit and prints the product's bits, the lowest first.
`timescale 1ns / 1ps
module bench;
  reg clk = 0, start = 1, b = 0;
  reg [23:0] a = 24'hC0FFEE, factor = 24'hBADF00;
  wire product, done;
  integer k;

  multiplier dut (.clk(clk), .start(start), .a(a), .b(b), .product(product), .done(done));
  always #5 clk = ~clk;

  initial begin
    repeat (2) @(negedge clk);
    start = 0;
    for (k = 0; k < 48; k = k + 1) begin
      b = k < 24 ? factor[k] : 1'b0;
      @(negedge clk) $display("%b", product);
    end
    $display("done %b", done);
    $finish;
  end
endmodule
