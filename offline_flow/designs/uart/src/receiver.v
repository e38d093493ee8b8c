`include "defs.vh"

// Receives what a sender of the same divisor sends. `broken` says that a stop bit was missing.
module receiver (
    input  wire                     clk,
    input  wire                     rst_n,
    input  wire [`DIVISOR_BITS-1:0] divisor,
    input  wire                     line,
    output reg                      got,
    output reg  [            `BYTE] data,
    output reg                      broken
);
  reg [`DIVISOR_BITS-1:0] left;
  reg [2:0] bit_number;
  reg [1:0] state;
  reg [2:0] seen;  // the line, brought into this clock's domain; the last bit is the oldest
  wire tick = left == 0;
  wire start = seen[2] && !seen[1];

  always @(posedge clk) begin
    seen <= {seen[1:0], line};
    got  <= 1'b0;
    left <= tick ? divisor : left - 1'b1;
    case (state)
      `IDLE: begin
        left <= divisor >> 1;  // from the edge to the middle of the start bit
        if (start) state <= `START;
      end
      `START: if (tick) state <= seen[1] ? `IDLE : `DATA;
      `DATA: if (tick) begin
        data <= {seen[1], data[7:1]};
        bit_number <= bit_number + 1'b1;
        if (&bit_number) state <= `STOP;
      end
      `STOP: if (tick) begin
        state  <= `IDLE;
        got    <= seen[1];
        broken <= !seen[1];
      end
    endcase
    if (!rst_n) begin
      state <= `IDLE;
      seen <= 3'b111;
      bit_number <= 3'd0;
      broken <= 1'b0;
    end
  end
endmodule
