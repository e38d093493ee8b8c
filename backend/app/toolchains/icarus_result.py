"""Reading what a simulation came to.

The exit status is not enough: vvp ends with 0 after `$error`. Its log has a line for each `$error`
and `$fatal`: 'ERROR: file.v:12: text'.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.toolchains.base import RUN, SOURCE, ToolResult, Verdict
from app.toolchains.files import Selection, open_plain, plain_files, read_text
from app.toolchains.sources import is_own_file, original_files

COMPILE_LOG = "compile.log"
SIMULATION_LOG = "simulation.log"
PROGRAM = "sim.vvp"
_SEVERITY = re.compile(rb"^(ERROR|FATAL|WARNING): (.+:\d+: .*)$", re.MULTILINE)
_FINISH = re.compile(
    rb"^.+:\d+: \$(?:finish|stop) called at (\d+) \((\d+)([munpf]?s)\)$", re.MULTILINE
)
_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12, "fs": 1e-15}
_WAVEFORMS = (".vcd", ".fst", ".lxt", ".lxt2", ".ghw")
_PIECE_BYTES = 1 << 20
_NO_TOP = (
    "No top-level module was found: the files hold no module, or every module is used by another. "
    "Name the testbench in `top`."
)


@dataclass
class _Log:
    """What a simulation's log tells."""

    errors: int = 0
    warnings: int = 0
    first: str = ""
    fatal: str = ""
    seconds: float | None = None


def read_result(workdir: Path, exit_code: int) -> ToolResult:
    """Return the result of a simulation whose last command ended with `exit_code`."""
    handle = open_plain(workdir, f"{RUN}/{SIMULATION_LOG}")
    log = _Log()
    if handle is None:
        problem = _compile_problem(workdir, exit_code)
    else:
        with handle:
            for lines in _whole_lines(iter(lambda: handle.read(_PIECE_BYTES), b"")):
                _take(log, lines)
        problem = _problem(log, exit_code)
    files = _files(workdir)
    return ToolResult(
        ok=not problem,
        verdict=Verdict.FAILED if problem else Verdict.PASSED,
        message=(problem or "The simulation passed.") + _left_out(files),
        reason="tool_failed" if problem else None,
        metrics=_metrics(log),
        files=files.files,
    )


def _whole_lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Cut a stream at line ends. A line of more than a piece is cut anywhere."""
    rest = b""
    for piece in pieces:
        lines, end, rest = (rest + piece).rpartition(b"\n")
        if not end and len(rest) > _PIECE_BYTES:
            lines, rest = rest, b""
        yield lines
    yield rest


def _take(log: _Log, lines: bytes) -> None:
    for found in _SEVERITY.finditer(lines):
        severity, text = found[1], found[2].decode(errors="replace")[:300]
        if severity == b"WARNING":
            log.warnings += 1
            continue
        log.errors += 1
        log.first = log.first or text
        if severity == b"FATAL":
            log.fatal = text
    for found in _FINISH.finditer(lines):
        log.seconds = int(found[1]) * int(found[2]) * _UNITS[found[3].decode()]


def _problem(log: _Log, exit_code: int) -> str:
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
    return None if is_own_file(name) or name in (PROGRAM, "compile.f") else _kind(name)


def _kind(name: str) -> str:
    if name.lower().endswith(_WAVEFORMS):
        return "waveform"
    return "log" if name.endswith(".log") else "other"


def _left_out(files: Selection) -> str:
    return f" {files.left_out} files were too large or too many to keep." if files.left_out else ""


def _metrics(log: _Log) -> dict[str, float | int | str]:
    metrics: dict[str, float | int | str] = {
        "simulation__errors": log.errors,
        "simulation__warnings": log.warnings,
    }
    return metrics if log.seconds is None else metrics | {"simulation__time": log.seconds}
