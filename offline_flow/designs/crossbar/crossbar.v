// Every output takes any of the inputs. Its configuration leaves the wires too little room and the
// router too few rounds: it is here to show a layout with wires that touch.
module crossbar #(
    parameter WAYS = 8,
    parameter BITS = 2
) (
    input  wire                 clk,
    input  wire [WAYS*BITS-1:0] in,
    input  wire [   WAYS*3-1:0] choice,
    output reg  [WAYS*BITS-1:0] out
);
  integer k;

  always @(posedge clk) begin
    for (k = 0; k < WAYS; k = k + 1) out[k*BITS+:BITS] <= in[choice[k*3+:3]*BITS+:BITS];
  end
endmodule
