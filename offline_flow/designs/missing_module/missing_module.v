// The module `filter` is in no file: synthesis must fail, and name it.
module missing_module (
    input  wire clk,
    input  wire in,
    output wire out
);
  filter first (
      .clk(clk),
      .in (in),
      .out(out)
  );
endmodule
