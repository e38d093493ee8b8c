// Fetches an instruction in one cycle, executes it in the next, and finishes in a third.
module core (
    input logic clk,
    input logic rst_n,
    output isa::request_t request,
    input isa::word_t answer,
    output logic halted
);
  isa::state_t state;
  isa::instruction_t now;
  isa::word_t pc, a, b, result, sum;
  logic branches, writes;

  wire three_registers = now.op <= isa::MUL;

  registers file (
      .clk,
      .write(state == isa::FINISH && writes),
      .to(now.rd),
      .value(result),
      .first(now.ra),
      .second(three_registers ? now.tail.rb : now.rd),
      .a,
      .b
  );

  isa::word_t computed;
  alu unit (.op(now.op), .a, .b, .result(computed));

  assign sum = a + (now.op == isa::LUI ? isa::constant(now.tail) << 6 : isa::constant(now.tail));

  always_comb begin
    branches = 1'b0;
    writes = 1'b1;
    unique case (now.op)
      isa::BEZ: {branches, writes} = {b == 0, 1'b0};
      isa::BNZ: {branches, writes} = {b != 0, 1'b0};
      isa::JAL: branches = 1'b1;
      isa::STORE, isa::HALT: writes = 1'b0;
      default: ;
    endcase
  end

  assign request.address = state == isa::FETCH ? pc : sum;
  assign request.data = b;
  assign request.write = state == isa::EXECUTE && now.op == isa::STORE;
  assign halted = state == isa::STOPPED;

  always_ff @(posedge clk) begin
    unique case (state)
      isa::FETCH: begin
        now   <= isa::instruction_t'(answer);
        pc    <= pc + 1'b1;
        state <= isa::EXECUTE;
      end
      isa::EXECUTE: begin
        if (now.op == isa::LOAD) result <= answer;
        else if (now.op == isa::JAL) result <= pc;
        else if (three_registers) result <= computed;
        else result <= sum;
        if (branches) pc <= sum;
        state <= now.op == isa::HALT ? isa::STOPPED : isa::FINISH;
      end
      isa::FINISH: state <= isa::FETCH;
      isa::STOPPED: state <= isa::STOPPED;
    endcase
    if (!rst_n) begin
      state <= isa::FETCH;
      pc <= '0;
    end
  end
endmodule
