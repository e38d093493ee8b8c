// An unsigned serial-parallel multiplier: a is held, b comes in bit by bit, lowest first. The
// product's bits leave one a cycle, each a cycle after the bit of b of the same weight; shift in
// WIDTH zeros after b for the upper half.
module multiplier #(
    parameter WIDTH = 24
) (
    input  wire             clk,
    input  wire             start,
    input  wire [WIDTH-1:0] a,
    input  wire             b,
    output wire             product,
    output wire             done
);
  reg  [WIDTH-1:0] held;
  wire [  WIDTH:0] sums;

  assign sums[WIDTH] = 1'b0;
  assign product = sums[0];

  always @(posedge clk) if (start) held <= a;

  genvar k;
  generate
    for (k = 0; k < WIDTH; k = k + 1) begin : bits
      carry_save_cell one (
          .clk(clk),
          .clear(start),
          .partial(held[k] & b),
          .sum_in(sums[k+1]),
          .sum_out(sums[k])
      );
    end
  endgenerate

  cycle_counter #(.LAST(2 * WIDTH)) cycles (
      .clk(clk),
      .start(start),
      .done(done)
  );
endmodule
