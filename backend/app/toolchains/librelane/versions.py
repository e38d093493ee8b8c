"""The versions of the tools that a build had, as start.sh wrote them down.

The file comes from the job's sandbox, where the job could write it too; so it is read as plain text
of a bounded size, and believed of that job alone.
"""

import re
from pathlib import Path

from app.toolchains.base import RUN
from app.toolchains.files import read_text

_MOST_BYTES = 1 << 16
_MOST_TOOLS = 40
_LINE = re.compile(r"([a-z][a-z0-9_-]{0,30}) ([!-~][ -~]{0,199})")


def read_versions(workdir: Path) -> dict[str, str]:
    """Return what each tool says of its version."""
    found: dict[str, str] = {}
    for line in read_text(workdir, f"{RUN}/versions", _MOST_BYTES).splitlines():
        match = _LINE.fullmatch(line.strip())
        if match and len(found) < _MOST_TOOLS:
            name, words = match.groups()
            found.setdefault(name, _without(name, words))
    return found


def _without(name: str, words: str) -> str:
    """Drop a tool's name before its version: 'Python 3.11.2'."""
    first, _, rest = words.partition(" ")
    return rest if rest and first.lower() == name else words
