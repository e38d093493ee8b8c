// Divides in one cycle, by as many subtractions one after another as there are bits: too long a way
// for the clock that its configuration asks for. It is here to show negative slack.
module divider #(
    parameter BITS = 6
) (
    input  wire            clk,
    input  wire [BITS-1:0] dividend,
    input  wire [BITS-1:0] divisor,
    output reg  [BITS-1:0] quotient,
    output reg  [BITS-1:0] remainder
);
  reg [BITS-1:0] a, b, q;
  reg [BITS:0] rest;
  integer k;

  always @(*) begin
    rest = {(BITS + 1) {1'b0}};
    for (k = BITS - 1; k >= 0; k = k - 1) begin
      rest = {rest[BITS-1:0], a[k]};
      q[k] = rest >= {1'b0, b};
      if (q[k]) rest = rest - {1'b0, b};
    end
  end

  always @(posedge clk) begin
    a <= dividend;
    b <= divisor;
    quotient <= q;
    remainder <= rest[BITS-1:0];
  end
endmodule
