// What the eight operations on two words give.
module alu (
    input  isa::op_t   op,
    input  isa::word_t a,
    input  isa::word_t b,
    output isa::word_t result
);
  always_comb begin
    unique case (op)
      isa::ADD: result = a + b;
      isa::SUB: result = a - b;
      isa::AND: result = a & b;
      isa::OR: result = a | b;
      isa::XOR: result = a ^ b;
      isa::SHL: result = a << b[3:0];
      isa::SHR: result = a >> b[3:0];
      isa::MUL: result = a * b;
      default: result = a + b;
    endcase
  end
endmodule
