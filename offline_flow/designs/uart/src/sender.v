`include "defs.vh"

// Sends bytes: a start bit, eight bits, the lowest first, a stop bit; each `divisor` + 1 cycles long.
module sender (
    input  wire                     clk,
    input  wire                     rst_n,
    input  wire [`DIVISOR_BITS-1:0] divisor,
    input  wire                     waiting,
    input  wire [            `BYTE] data,
    output wire                     take,
    output reg                      line
);
  reg [`DIVISOR_BITS-1:0] left;
  reg [`BYTE] shift;
  reg [2:0] bit_number;
  reg [1:0] state;
  wire tick = left == 0;

  assign take = state == `IDLE && waiting;

  always @(posedge clk) begin
    left <= (tick || state == `IDLE) ? divisor : left - 1'b1;
    case (state)
      `IDLE: if (waiting) begin
        state <= `START;
        shift <= data;
      end
      `START: if (tick) state <= `DATA;
      `DATA: if (tick) begin
        shift <= shift >> 1;
        bit_number <= bit_number + 1'b1;
        if (&bit_number) state <= `STOP;
      end
      `STOP: if (tick) state <= `IDLE;
    endcase
    line <= !(state == `START || (state == `DATA && !shift[0]));
    if (!rst_n) begin
      state <= `IDLE;
      bit_number <= 3'd0;
      line <= 1'b1;
    end
  end
endmodule
