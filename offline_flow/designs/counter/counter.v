// An 8-bit counter with enable, synchronous load and terminal count.
module counter (
    input  wire       clk,
    input  wire       rst_n,
    input  wire       enable,
    input  wire       load,
    input  wire [7:0] start,
    output reg  [7:0] count,
    output wire       last
);
  assign last = &count;

  always @(posedge clk) begin
    if (!rst_n) count <= 8'd0;
    else if (load) count <= start;
    else if (enable) count <= count + 8'd1;
  end
endmodule
