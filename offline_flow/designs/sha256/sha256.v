// SHA-256 (FIPS 180-4), one round a cycle. `first` begins a new hash. Then the 16 words of a padded
// block come in with `word_valid`, while `ready`; 48 cycles after the last one the hash so far comes
// out, eight words with `digest_valid`, and the next block may follow.
module sha256 (
    input  wire        clk,
    input  wire        rst_n,
    input  wire        first,
    input  wire        word_valid,
    input  wire [31:0] word,
    output wire        ready,
    output wire        digest_valid,
    output wire [31:0] digest_word
);
  localparam [255:0] START = {
    32'h6a09e667, 32'hbb67ae85, 32'h3c6ef372, 32'ha54ff53a,
    32'h510e527f, 32'h9b05688c, 32'h1f83d9ab, 32'h5be0cd19
  };

  reg [31:0] a, b, c, d, e, f, g, h;
  reg [255:0] digest;
  reg [6:0] count;  // 0 to 63: the round; 64 to 71: the word of the digest
  wire [31:0] k, w;

  wire adding = count[6];
  wire taking = count < 7'd16;
  wire step = !adding && (!taking || word_valid);

  round_constant constants (.round(count[5:0]), .k(k));
  message_schedule schedule (.clk(clk), .step(step), .taking(taking), .word(word), .w(w));

  wire [31:0] big1 = {e[5:0], e[31:6]} ^ {e[10:0], e[31:11]} ^ {e[24:0], e[31:25]};
  wire [31:0] big0 = {a[1:0], a[31:2]} ^ {a[12:0], a[31:13]} ^ {a[21:0], a[31:22]};
  wire [31:0] choice = (e & f) ^ (~e & g);
  wire [31:0] majority = (a & b) ^ (a & c) ^ (b & c);
  wire [31:0] t1 = h + big1 + choice + k + w;
  wire [31:0] sum = digest[255:224] + a;

  assign ready = taking;
  assign digest_valid = adding;
  assign digest_word = sum;

  always @(posedge clk) begin
    if (!rst_n || first) count <= 7'd0;
    else if (count == 7'd71) count <= 7'd0;
    else if (step || adding) count <= count + 7'd1;

    if (first) begin
      digest <= START;
      {a, b, c, d, e, f, g, h} <= START;
    end else if (step) begin
      {b, c, d, f, g, h} <= {a, b, c, e, f, g};
      a <= t1 + big0 + majority;
      e <= d + t1;
    end else if (adding) begin
      digest <= {digest[223:0], sum};
      {a, b, c, d, e, f, g, h} <= {b, c, d, e, f, g, h, sum};
    end
  end
endmodule
