`include "defs.vh"

// A queue of bytes; `out` is the oldest. Writes when full and reads when empty change nothing.
module fifo (
    input  wire         clk,
    input  wire         rst_n,
    input  wire         write,
    input  wire [`BYTE] in,
    input  wire         read,
    output wire [`BYTE] out,
    output wire         empty,
    output wire         full
);
  reg [`BYTE] bytes[0:(1<<`FIFO_LOG2)-1];
  reg [`FIFO_LOG2:0] head, tail;  // one bit more than a place has, to tell full from empty

  assign empty = head == tail;
  assign full = head == (tail ^ (1 << `FIFO_LOG2));
  assign out = bytes[tail[`FIFO_LOG2-1:0]];

  always @(posedge clk) begin
    if (!rst_n) begin
      head <= 0;
      tail <= 0;
    end else begin
      if (write && !full) head <= head + 1'b1;
      if (read && !empty) tail <= tail + 1'b1;
    end
    if (write && !full) bytes[head[`FIFO_LOG2-1:0]] <= in;
  end
endmodule
