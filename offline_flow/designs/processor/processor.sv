// The processor with its memory outside.
module processor (
    input  logic        clk,
    input  logic        rst_n,
    output logic [15:0] address,
    output logic [15:0] to_memory,
    output logic        write,
    input  logic [15:0] from_memory,
    output logic        halted
);
  isa::request_t request;

  core one (
      .clk(clk),
      .rst_n(rst_n),
      .request(request),
      .answer(from_memory),
      .halted(halted)
  );

  assign address = request.address;
  assign to_memory = request.data;
  assign write = request.write;
endmodule
