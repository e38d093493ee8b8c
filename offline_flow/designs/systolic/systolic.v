// Multiplies matrices of SIZE x SIZE unsigned numbers: row i of the first enters on the left, column j
// of the second above, each a cycle later than its neighbour, then zeros. When all has passed,
// `select` = i * SIZE + j shows an element of the product.
module systolic #(
    parameter SIZE = 3,
    parameter BITS = 8,
    parameter SUM_BITS = 2 * BITS + 4
) (
    input  wire                 clk,
    input  wire                 clear,
    input  wire [SIZE*BITS-1:0] left,
    input  wire [SIZE*BITS-1:0] above,
    input  wire [          3:0] select,
    output reg  [ SUM_BITS-1:0] element
);
  wire [BITS-1:0] across[0:SIZE-1][0:SIZE];
  wire [BITS-1:0] down[0:SIZE][0:SIZE-1];
  wire [SUM_BITS-1:0] sums[0:15];

  genvar i, j;
  generate
    for (i = 0; i < SIZE; i = i + 1) begin : row
      assign across[i][0] = left[i*BITS+:BITS];
      assign down[0][i]   = above[i*BITS+:BITS];
      for (j = 0; j < SIZE; j = j + 1) begin : column
        multiply_add #(.BITS(BITS), .SUM_BITS(SUM_BITS)) place (
            .clk(clk),
            .clear(clear),
            .from_left(across[i][j]),
            .from_above(down[i][j]),
            .to_right(across[i][j+1]),
            .to_below(down[i+1][j]),
            .sum(sums[i*SIZE+j])
        );
      end
    end
    for (i = SIZE * SIZE; i < 16; i = i + 1) begin : none
      assign sums[i] = {SUM_BITS{1'b0}};
    end
  endgenerate

  always @(posedge clk) element <= sums[select];
endmodule
