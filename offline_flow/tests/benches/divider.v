// Divides some numbers and prints quotient and remainder.
`timescale 1ns / 1ps
module bench;
  reg clk = 0;
  reg [5:0] dividend, divisor;
  wire [5:0] quotient, remainder;
  integer k;

  divider dut (
      .clk(clk), .dividend(dividend), .divisor(divisor),
      .quotient(quotient), .remainder(remainder)
  );
  always #5 clk = ~clk;

  initial begin
    for (k = 0; k < 63; k = k + 1) begin
      dividend = k * 29;
      divisor  = k + 1;
      repeat (2) @(negedge clk);
      $display("%0d %0d", quotient, remainder);
    end
    $finish;
  end
endmodule
