// One place of a systolic array: adds the product of the two numbers that pass through to its sum.
module multiply_add #(
    parameter BITS = 8,
    parameter SUM_BITS = 20
) (
    input  wire                clk,
    input  wire                clear,
    input  wire [    BITS-1:0] from_left,
    input  wire [    BITS-1:0] from_above,
    output reg  [    BITS-1:0] to_right,
    output reg  [    BITS-1:0] to_below,
    output reg  [SUM_BITS-1:0] sum
);
  wire [2*BITS-1:0] product = from_left * from_above;

  always @(posedge clk) begin
    to_right <= clear ? {BITS{1'b0}} : from_left;
    to_below <= clear ? {BITS{1'b0}} : from_above;
    sum      <= clear ? {SUM_BITS{1'b0}} : sum + {{(SUM_BITS - 2 * BITS) {1'b0}}, product};
  end
endmodule
