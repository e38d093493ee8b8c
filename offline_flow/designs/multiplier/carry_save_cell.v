// One bit of a serial-parallel multiplier: adds its partial product to the sum from the next higher
// bit; the carry stays here for the next cycle.
module carry_save_cell (
    input  wire clk,
    input  wire clear,
    input  wire partial,
    input  wire sum_in,
    output reg  sum_out
);
  reg  carry;
  wire sum = partial ^ sum_in ^ carry;
  wire next_carry = (partial & sum_in) | (partial & carry) | (sum_in & carry);

  always @(posedge clk) begin
    if (clear) begin
      sum_out <= 1'b0;
      carry   <= 1'b0;
    end else begin
      sum_out <= sum;
      carry   <= next_carry;
    end
  end
endmodule
