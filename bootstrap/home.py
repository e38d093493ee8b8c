"""Where set-up puts things: $A6HUB_HOME, by default `.a6hub` in the repository."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BACKEND = ROOT / "backend"
OFFLINE_FLOW = ROOT / "offline_flow"
HOME = Path(os.environ.get("A6HUB_HOME") or ROOT / ".a6hub").absolute()

SERVICE_ENV = HOME / "envs" / "service"
FLOW_ENV = HOME / "envs" / "flow"
PDK_ROOT = HOME / "pdk"


@contextmanager
def only_one() -> Iterator[None]:
    """Keep two set-ups of one home from running at once; the second waits."""
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
