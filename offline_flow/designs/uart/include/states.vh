// The states of sender and receiver.
`define IDLE 2'd0
`define START 2'd1
`define DATA 2'd2
`define STOP 2'd3
