// Good to simulate, but no flip-flop takes both edges of a clock: synthesis must fail, and say so.
module dual_edge (
    input  wire clk,
    input  wire in,
    output reg  out
);
  always @(posedge clk or negedge clk) out <= in;
endmodule
