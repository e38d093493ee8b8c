// The instructions: four bits of operation, then three registers, or two and a signed constant.
package isa;
  localparam int Bits = 16;
  typedef logic [Bits-1:0] word_t;
  typedef logic [2:0] reg_t;

  typedef enum logic [3:0] {
    ADD, SUB, AND, OR, XOR, SHL, SHR, MUL,  // rd = ra op rb
    ADDI,   // rd = ra + constant
    LOAD,   // rd = memory[ra + constant]
    STORE,  // memory[ra + constant] = rd
    BEZ,    // to ra + constant if rd is zero
    BNZ,    // to ra + constant if rd is not zero
    JAL,    // rd = the next address; to ra + constant
    LUI,    // rd = ra + constant * 64
    HALT
  } op_t;

  typedef struct packed {
    reg_t rb;
    logic [2:0] low;
  } tail_t;  // the second source, or together a constant

  typedef struct packed {
    op_t   op;
    reg_t  rd;
    reg_t  ra;
    tail_t tail;
  } instruction_t;

  typedef struct packed {
    word_t address;  // counts words
    word_t data;
    logic  write;
  } request_t;  // to a memory that answers within the cycle

  typedef enum logic [1:0] {FETCH, EXECUTE, FINISH, STOPPED} state_t;

  function automatic word_t constant(tail_t tail);
    constant = {{(Bits - 6) {tail.rb[2]}}, tail};
  endfunction
endpackage
