// Feeds the blocks in words.hex to the core and prints the hash after each.
`timescale 1ns / 1ps
module bench;
  reg clk = 0, rst_n = 0, first = 0, word_valid = 0;
  reg [31:0] word, words[0:31];
  wire ready, digest_valid;
  wire [31:0] digest_word;
  integer block, k;

  sha256 dut (
      .clk(clk), .rst_n(rst_n), .first(first), .word_valid(word_valid), .word(word),
      .ready(ready), .digest_valid(digest_valid), .digest_word(digest_word)
  );
  always #5 clk = ~clk;
  always @(negedge clk) if (digest_valid === 1'b1) $display("%h", digest_word);

  initial begin
    $readmemh("words.hex", words);
    repeat (2) @(negedge clk);
    rst_n = 1;
    first = 1;
    @(negedge clk) first = 0;
    for (block = 0; block < 2; block = block + 1) begin
      for (k = 0; k < 16; k = k + 1) begin
        word_valid = 1;
        word = words[block*16+k];
        @(negedge clk) word_valid = 0;
        repeat (k % 3) @(negedge clk);
      end
      repeat (60) @(negedge clk);
    end
    $finish;
  end
endmodule
