"""How LibreLane is started in the job's sandbox."""

from collections.abc import Mapping
from pathlib import Path

#: Words before LibreLane's own; see the script.
WRAPPER = ("sh", "-c", (Path(__file__).parent / "start.sh").read_text(), "a6hub")
ENVIRONMENT: Mapping[str, str] = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUNBUFFERED": "1",
    "LANG": "C.UTF-8",
    "NO_COLOR": "1",
    "TERM": "dumb",
    "COLUMNS": "160",  # LibreLane wraps its lines
}
