"""The short simulations that chaos runs, and what each has to come to."""

from dataclasses import dataclass

LINES = 60


@dataclass(frozen=True)
class Kind:
    """A testbench of FILE, what its jobs end with, and of how many jobs it is one in ten."""

    top: str
    status: str
    reason: str | None
    lines: int
    share: int


KINDS = (
    Kind("brief", "completed", None, LINES, 6),
    Kind("busy", "completed", None, LINES, 2),
    Kind("wrong", "failed", "tool_failed", LINES, 1),
    Kind("endless", "cancelled", "cancelled", 0, 1),  # whoever submits it cancels it
)
#: A simulation cannot sleep: `busy` counts for about a second, and `endless` reads from a new
#: terminal on which nobody writes, which uses no processor.
FILE = f"""
module brief;
  integer i;
  initial begin
    for (i = 0; i < {LINES}; i = i + 1) $display("line %0d of brief", i);
    $finish;
  end
endmodule

module busy;
  integer i, j, sum;
  initial begin
    sum = 0;
    for (i = 0; i < {LINES}; i = i + 1) begin
      $display("line %0d of busy", i);
      $fflush;
      for (j = 0; j < 25000; j = j + 1) sum = sum + j;
    end
    $finish;
  end
endmodule

module wrong;
  integer i;
  initial begin
    for (i = 0; i < {LINES}; i = i + 1) $display("line %0d of wrong", i);
    $error("as it should be");
    $finish;
  end
endmodule

module endless;
  integer terminal, nothing;
  initial begin
    terminal = $fopen("/dev/ptmx", "r");
    nothing = $fgetc(terminal);
    $finish;
  end
endmodule
"""


def expected_lines(kind: Kind) -> list[str]:
    """Return what a job of this kind prints."""
    return [f"line {number} of {kind.top}" for number in range(kind.lines)]
