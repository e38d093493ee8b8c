// Runs program.hex and prints the memory's last words once the processor has halted.
`timescale 1ns / 1ps
module bench;
  reg clk = 0, rst_n = 0;
  reg [15:0] memory[0:63];
  wire [15:0] address, to_memory;
  wire [15:0] from_memory = memory[address[5:0]];
  wire write, halted;
  integer k;

  processor dut (
      .clk(clk), .rst_n(rst_n), .address(address), .to_memory(to_memory), .write(write),
      .from_memory(from_memory), .halted(halted)
  );
  always #5 clk = ~clk;
  always @(posedge clk) if (write) memory[address[5:0]] <= to_memory;

  initial begin
    $readmemh("program.hex", memory);
    repeat (3) @(negedge clk);
    rst_n = 1;
    for (k = 0; k < 1000 && halted !== 1'b1; k = k + 1) @(negedge clk);
    for (k = 27; k < 32; k = k + 1) $display("%0d", memory[k]);
    $finish;
  end
endmodule
