// Counts LAST cycles after start, then says so until the next start.
module cycle_counter #(
    parameter LAST = 48
) (
    input  wire clk,
    input  wire start,
    output wire done
);
  localparam BITS = $clog2(LAST + 1);
  localparam [BITS-1:0] END = LAST;
  reg [BITS-1:0] count;

  assign done = count == END;

  always @(posedge clk) begin
    if (start) count <= {BITS{1'b0}};
    else if (!done) count <= count + 1'b1;
  end
endmodule
