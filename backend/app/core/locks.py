"""Files that a process holds while it lives: the kernel lets go of them however it ends."""

import fcntl
from pathlib import Path


def is_locked(path: Path) -> bool:
    """Return whether a process holds a lock file now."""
    try:
        with path.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
