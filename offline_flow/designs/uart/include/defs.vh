// What the parts of the serial port agree on. FIFO_LOG2 may come from the build's configuration.
`ifndef UART_DEFS
`define UART_DEFS

`ifndef FIFO_LOG2
`define FIFO_LOG2 2
`endif
`define BYTE 7:0
`define DIVISOR_BITS 12

`include "states.vh"

`endif
