// Multiplies two matrices, of which row and column come a cycle later each, and prints the product.
`timescale 1ns / 1ps
module bench;
  reg clk = 0, clear = 1;
  reg [23:0] left, above;
  reg [3:0] select = 0;
  wire [19:0] element;
  integer i, k, t;

  systolic dut (
      .clk(clk), .clear(clear), .left(left), .above(above), .select(select), .element(element)
  );
  always #5 clk = ~clk;

  initial begin
    repeat (8) @(negedge clk);
    clear = 0;
    for (t = 0; t < 9; t = t + 1) begin
      for (i = 0; i < 3; i = i + 1) begin
        k = t - i;
        left[i*8+:8]  = (k >= 0 && k < 3) ? 255 - 20 * i - 7 * k : 0;
        above[i*8+:8] = (k >= 0 && k < 3) ? 200 + 11 * k - 30 * i : 0;
      end
      @(negedge clk);
    end
    for (i = 0; i < 9; i = i + 1) begin
      select = i;
      @(negedge clk) $display("%0d", element);
    end
    $finish;
  end
endmodule
