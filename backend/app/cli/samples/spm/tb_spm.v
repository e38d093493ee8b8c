`timescale 1ns/1ps

module tb_spm;
    localparam WIDTH = 32;
    localparam ROUNDS = 8;

    reg                clk = 0, rst, y;
    reg  [WIDTH-1:0]   x, multiplier;
    reg  [2*WIDTH-1:0] product, expected;
    wire               p;
    integer            round, bit_number, errors = 0;

    spm #(.WIDTH(WIDTH)) dut (.clk(clk), .rst(rst), .x(x), .y(y), .p(p));

    always #5 clk = ~clk;

    initial begin
        $dumpfile("spm.vcd");
        $dumpvars(0, tb_spm);
        for (round = 0; round < ROUNDS; round = round + 1) begin
            x = round == 0 ? {WIDTH{1'b1}} : $random;
            multiplier = round == 0 ? {WIDTH{1'b1}} : $random;
            expected = x * {{WIDTH{1'b0}}, multiplier};
            rst = 1; y = 0;
            @(negedge clk) rst = 0;
            for (bit_number = 0; bit_number < 2*WIDTH; bit_number = bit_number + 1) begin
                y = bit_number < WIDTH ? multiplier[bit_number] : 1'b0;
                @(negedge clk) product[bit_number] = p;
            end
            if (product === expected)
                $display("round %0d: %0d * %0d = %0d", round, x, multiplier, product);
            else begin
                errors = errors + 1;
                $error("round %0d: %0d * %0d gave %0d, not %0d", round, x, multiplier, product, expected);
            end
        end
        $display("%0d rounds, %0d errors", ROUNDS, errors);
        $finish;
    end
endmodule
