"""Reading what a simulation came to.

The exit status is not enough: vvp ends with 0 after `$error`. It prints a line for each `$error`
and `$fatal`: 'ERROR: file.v:12: text'. They are picked out as they come: the output may be many
gigabytes, of which nobody keeps all.
"""

import re
from pathlib import Path

from app.toolchains.base import RUN, SOURCE, ToolResult, Verdict
from app.toolchains.files import Selection, plain_files, read_text
from app.toolchains.sources import is_own_file, original_files

COMPILE_LOG = "compile.log"
PROGRAM = "sim.vvp"
#: The compiler's file of options.
OPTIONS = "compile.f"
_SEVERITY = re.compile(rb"^(ERROR|FATAL|WARNING): (.+:\d+: .*)$", re.MULTILINE)
_SEVERITIES = (b"ERROR: ", b"FATAL: ", b"WARNING: ")
_FINISH = re.compile(
    rb"^.+:\d+: \$(?:finish|stop) called at (\d+) \((\d+)([munpf]?s)\)$", re.MULTILINE
)
_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12, "fs": 1e-15}
_WAVEFORMS = (".vcd", ".fst", ".lxt", ".lxt2", ".ghw")
#: What is looked at of a line that comes in several pieces, in bytes.
_LINE_BYTES = 4096
_NO_TOP = (
    "No top-level module was found: the files hold no module, or every module is used by another. "
    "Name the testbench in `top`."
)


class SimulationLog:
    """Listens to a simulation and remembers what tells how it went."""

    def __init__(self) -> None:
        self.errors = 0
        self.warnings = 0
        self.first = ""
        self.fatal = ""
        self.seconds: float | None = None
        self._line = b""  # a line begun

    def __call__(self, output: bytes) -> None:
        """Take a piece of output."""
        lines, end, rest = output.rpartition(b"\n")
        if end:
            self._take(self._line + lines)
            self._line = b""
        self._line += rest[: _LINE_BYTES - len(self._line)]

    def close(self) -> None:
        """Take a last line that was never ended."""
        self._take(self._line)
        self._line = b""

    def _take(self, lines: bytes) -> None:
        # Finding a word is many times faster than trying a pattern on every line.
        if any(word in lines for word in _SEVERITIES):
            self._take_reports(lines)
        if b" called at " in lines:
            for found in _FINISH.finditer(lines):
                self.seconds = int(found[1]) * int(found[2]) * _UNITS[found[3].decode()]

    def _take_reports(self, lines: bytes) -> None:
        for found in _SEVERITY.finditer(lines):
            severity, text = found[1], found[2][:300].decode(errors="replace")
            if severity == b"WARNING":
                self.warnings += 1
                continue
            self.errors += 1
            self.first = self.first or text
            if severity == b"FATAL":
                self.fatal = text


def read_result(workdir: Path, log: SimulationLog | None, exit_code: int) -> ToolResult:
    """Return the result of a simulation; its last command ended with `exit_code`.

    `log` is None if that was not the simulation itself.
    """
    if log is None:
        problem = _compile_problem(workdir, exit_code)
    else:
        log.close()
        problem = _problem(log, exit_code)
    files = _files(workdir)
    return ToolResult(
        ok=not problem,
        verdict=Verdict.FAILED if problem else Verdict.PASSED,
        message=(problem or "The simulation passed.") + _left_out(files),
        reason="tool_failed" if problem else None,
        metrics=_metrics(log or SimulationLog()),
        files=files.files,
    )


def _problem(log: SimulationLog, exit_code: int) -> str:
    if log.fatal:
        return f"The simulation ended with $fatal: {log.fatal}"
    if log.errors:
        count = "1 error" if log.errors == 1 else f"{log.errors} errors"
        return f"The simulation reported {count}; the first: {log.first}"
    return f"The simulator ended with status {exit_code}; its log tells why." if exit_code else ""


def _compile_problem(workdir: Path, exit_code: int) -> str:
    said = read_text(workdir, f"{RUN}/{COMPILE_LOG}")
    if "No top level modules" in said:
        return _NO_TOP
    lines = said.splitlines()
    telling = [line for line in lines if re.search(r"error|Unknown module|No such file", line)]
    first = next(iter(telling or lines), f"the compiler ended with status {exit_code}")
    return f"The design does not compile: {first[:300]}"


def _files(workdir: Path) -> Selection:
    chosen = Selection()
    originals = original_files(workdir)
    written = [found for found in plain_files(workdir / SOURCE) if found.name not in originals]
    # Waveforms first: if there is too much, they matter most.
    for found in sorted(written, key=lambda file: (_kind(file.name) != "waveform", file.name)):
        chosen.add(workdir / SOURCE, found, found.name, _kind(found.name))
    chosen.add_all(workdir / RUN, "run/", _kind_in_run)
    return chosen


def _kind_in_run(name: str) -> str | None:
    return None if is_own_file(name) or name in (PROGRAM, OPTIONS) else _kind(name)


def _kind(name: str) -> str:
    if name.lower().endswith(_WAVEFORMS):
        return "waveform"
    return "log" if name.endswith(".log") else "other"


def _left_out(files: Selection) -> str:
    return f" {files.left_out} files were too large or too many to keep." if files.left_out else ""


def _metrics(log: SimulationLog) -> dict[str, float | int | str]:
    metrics: dict[str, float | int | str] = {
        "simulation__errors": log.errors,
        "simulation__warnings": log.warnings,
    }
    return metrics if log.seconds is None else metrics | {"simulation__time": log.seconds}
