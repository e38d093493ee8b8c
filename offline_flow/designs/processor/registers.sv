// Eight registers, of which the first is always zero: two are read, one is written.
module registers (
    input  logic  clk,
    input  logic  write,
    input  isa::reg_t  to,
    input  isa::word_t value,
    input  isa::reg_t  first,
    input  isa::reg_t  second,
    output isa::word_t a,
    output isa::word_t b
);
  isa::word_t kept[1:7];

  always_ff @(posedge clk) if (write && to != 0) kept[to] <= value;

  assign a = first == 0 ? '0 : kept[first];
  assign b = second == 0 ? '0 : kept[second];
endmodule
