`timescale 1ns/1ps

// A serial-parallel multiplier: x is there as a whole, y comes bit by bit, least significant first,
// and the product leaves bit by bit. Each column is a carry-save adder with its two flip-flops.

module spm #(parameter WIDTH = 32) (
    input              clk,
    input              rst,
    input  [WIDTH-1:0] x,
    input              y,
    output             p
);
    reg [WIDTH-1:0] sum;
    reg [WIDTH-1:0] carry;

    wire [WIDTH-1:0] partial = x & {WIDTH{y}};
    wire [WIDTH-1:0] shifted = {1'b0, sum[WIDTH-1:1]};

    always @(posedge clk)
        if (rst) begin
            sum   <= 0;
            carry <= 0;
        end else begin
            sum   <= partial ^ shifted ^ carry;
            carry <= (partial & shifted) | (partial & carry) | (shifted & carry);
        end

    assign p = sum[0];
endmodule
