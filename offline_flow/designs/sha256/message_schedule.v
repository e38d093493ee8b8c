// The 16 words of the window from which SHA-256's schedule makes each next word. While `taking`, the
// words come from outside.
module message_schedule (
    input  wire        clk,
    input  wire        step,
    input  wire        taking,
    input  wire [31:0] word,
    output wire [31:0] w
);
  reg [511:0] window;  // the oldest word is the highest

  wire [31:0] w2 = window[63:32];
  wire [31:0] w7 = window[223:192];
  wire [31:0] w15 = window[479:448];
  wire [31:0] w16 = window[511:480];

  wire [31:0] small0 = {w15[6:0], w15[31:7]} ^ {w15[17:0], w15[31:18]} ^ (w15 >> 3);
  wire [31:0] small1 = {w2[16:0], w2[31:17]} ^ {w2[18:0], w2[31:19]} ^ (w2 >> 10);

  assign w = taking ? word : small1 + w7 + small0 + w16;

  always @(posedge clk) if (step) window <= {window[479:0], w};
endmodule
