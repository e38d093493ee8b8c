"""Finding the errors in what LibreLane prints.

[11:19:03] ERROR    The following error was encountered:          __main__.py:189
                    2 LVS errors found.
"""

import re

_RECORD = re.compile(r"\[\d\d:\d\d:\d\d\] ([A-Z]+) +(.*)")
_PLACE = re.compile(r"\s+\w+\.py:\d+\s*$")
_EMPTY_WORDS = (
    *("LibreLane will now quit", "OpenLane will now quit"),
    "The following error was encountered while running the flow:",
    "The flow has encountered an unexpected error:",
)
#: What is kept of the output, in bytes.
_KEPT = 1 << 20


class Console:
    """The end of what LibreLane prints; what is wrong with a config is said nowhere else."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def __call__(self, piece: bytes) -> None:
        """See ToolCommand.listener."""
        self._kept += piece
        if len(self._kept) > 2 * _KEPT:
            del self._kept[:-_KEPT]

    @property
    def text(self) -> str:
        """The last MiB, or a little more."""
        return self._kept.decode(errors="replace")


def errors(console: str) -> str:
    """Return the texts of the errors, one a line; '' if there is none."""
    found: list[str] = []
    in_error = False
    for line in console.splitlines():
        record = _RECORD.match(line)
        if record:
            in_error = record[1] in ("ERROR", "CRITICAL")
        if in_error:
            found.append(_PLACE.sub("", record[2] if record else line).strip())
    return "\n".join(text for text in found if text and not text.startswith(_EMPTY_WORDS))
