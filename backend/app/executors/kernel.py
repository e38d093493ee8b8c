"""The few system calls that Python 3.11 does not have."""

import ctypes
import os
import stat

SET_PDEATHSIG = 1  # prctl(2)
SET_CHILD_SUBREAPER = 36
SET_NO_NEW_PRIVS = 38
_CLONE_NEWNS = 0x00020000  # unshare(2)
_MS_BIND = 4096  # mount(2)
_MS_REC = 16384
_MS_SLAVE = 1 << 19
_libc = ctypes.CDLL(None, use_errno=True)


def prctl(option: int, value: int) -> None:
    """Change a property of this process; OSError when the kernel refuses."""
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}) failed")


def own_mounts() -> bool:
    """Give this process mounts of its own, which nobody else sees; False if it may not have any."""
    if _libc.unshare(_CLONE_NEWNS) != 0:
        return False
    mount("none", "/", None, _MS_REC | _MS_SLAVE, None)
    return True


def mount(source: str, target: str, kind: str | None, flags: int, options: str | None) -> None:
    """Mount a filesystem; OSError names the target."""
    words = [None if word is None else word.encode() for word in (source, target, kind, options)]
    if _libc.mount(*words[:3], ctypes.c_ulong(flags), words[3]) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


def bind(handle: int, target: str) -> None:
    """Show the folder or file that is open as `handle` at `target`, a new name."""
    if stat.S_ISDIR(os.fstat(handle).st_mode):
        os.mkdir(target)  # noqa: PTH102 - pathlib would take a keeper some milliseconds to load
    else:
        os.mknod(target)
    mount(f"/proc/self/fd/{handle}", target, None, _MS_BIND | _MS_REC, None)
