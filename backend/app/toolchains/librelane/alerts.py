"""Warnings and errors in what tools print.

[WARNING STA-0366] port 'clk' not found.        OpenROAD, and LibreLane's own scripts without a code
%Error: top.v:3:1: syntax error                 Verilator
top.v:3: ERROR: syntax error                    Yosys; Magic, Netgen and OpenSTA without a place
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from app.toolchains.files import open_plain
from app.toolchains.librelane.run_directory import names_in

_MOST_FILES = 64
_MOST_BYTES = 4 << 20
_MOST_TEXTS = 500
_MOST_LINE = 1000
_LINE = re.compile(
    r"\[(?P<level>WARNING|ERROR|CRITICAL)(?:\s+(?P<code>[A-Z]+-\d+))?\]\s*(?P<text>.+)"
    r"|%(?P<lint>Warning|Error)(?P<rule>-\w+)?: (?P<said>.+)"
    r"|(?P<place>[^\s:]+:\d+(?::\d+)?: ?)?"
    r"\[?(?P<word>Warning|WARNING|Error|ERROR|error|FATAL)\]?: +(?P<rest>.+)"
    # The last words of a program that crashed.
    r"|(?P<crash>Signal \d+ received|Segmentation fault|Killed$|.*std::bad_alloc"
    r"|(?:[A-Za-z_]+\.)*[A-Z]\w*(?:Error|Exception): .).*"
)
#: LibreLane itself passes over these: they come with every run.
_USUAL = frozenset({"ORD-0039", "ODB-0220", "STA-1256"})
#: What Tcl adds to an error that the tool has told already: 'Error: pdn.tcl, 89 PDN-0185'.
_ECHO = re.compile(r"\S+, \d+ [A-Z]+-\d+")


@dataclass
class Alerts:
    """Texts with how often each came, in the order of their first coming."""

    warnings: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)

    def add(self, lines: Iterable[str]) -> None:
        """Add those in the lines of a log."""
        for line in lines:
            match = _LINE.match(line[:_MOST_LINE])
            if match:
                self._take(match)

    def _take(self, match: re.Match[str]) -> None:
        level = (match["level"] or match["lint"] or match["word"] or "error").lower()
        found = self.warnings if level == "warning" else self.errors
        text = _text(match)
        if text and (text in found or len(found) < _MOST_TEXTS):
            found[text] += 1


def _text(match: re.Match[str]) -> str:
    """Return the text as LibreLane's logs have it: '[STA-0366] port 'clk' not found.'."""
    if match["level"]:
        if match["code"] in _USUAL:
            return ""
        return f"[{match['code']}] {match['text']}".strip() if match["code"] else match["text"]
    if match["lint"]:
        return (
            f"{match['rule'].removeprefix('-')}: {match['said']}"
            if match["rule"]
            else match["said"]
        )
    if match["crash"]:
        return match[0].strip()
    return "" if _ECHO.fullmatch(match["rest"]) else (match["place"] or "") + match["rest"].strip()


def alerts_in(run: Path, folder: str) -> Alerts:
    """Return what the logs of a step say, in its folder and those of its corners."""
    found = Alerts()
    left = _MOST_BYTES
    for name in log_names(run, folder):
        text = _read(run, name, left)
        left -= len(text)
        found.add(text.decode(errors="replace").splitlines())
    return found


def log_names(run: Path, folder: str) -> list[str]:
    """Return the logs of a step's programs, below the run directory."""
    return names_in(run, folder, ".log")[:_MOST_FILES]


def _read(run: Path, name: str, most: int) -> bytes:
    """Return a log, of a long one the beginning and the end."""
    handle = open_plain(run, name)
    if handle is None:
        return b""
    with handle:
        head = handle.read(most // 2)
        begin = len(head)
        end = handle.seek(0, 2)
        handle.seek(max(begin, end - most // 2))
        return head + handle.read(most // 2)
