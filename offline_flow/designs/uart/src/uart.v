`include "defs.vh"

// A serial port with a queue in each direction.
module uart (
    input  wire                     clk,
    input  wire                     rst_n,
    input  wire [`DIVISOR_BITS-1:0] divisor,
    input  wire                     rx,
    output wire                     tx,
    input  wire                     write,
    input  wire [            `BYTE] in,
    output wire                     full,
    input  wire                     read,
    output wire [            `BYTE] out,
    output wire                     empty,
    output wire                     broken
);
  wire [`BYTE] to_send, received;
  wire nothing_to_send, take, got;

  fifo sending (
      .clk(clk), .rst_n(rst_n),
      .write(write), .in(in), .full(full),
      .read(take), .out(to_send), .empty(nothing_to_send)
  );
  sender send (
      .clk(clk), .rst_n(rst_n), .divisor(divisor),
      .waiting(!nothing_to_send), .data(to_send), .take(take), .line(tx)
  );
  receiver receive (
      .clk(clk), .rst_n(rst_n), .divisor(divisor),
      .line(rx), .got(got), .data(received), .broken(broken)
  );
  fifo receiving (
      .clk(clk), .rst_n(rst_n),
      .write(got), .in(received), .full(),
      .read(read), .out(out), .empty(empty)
  );
endmodule
