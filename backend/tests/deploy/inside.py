"""Speaking to what an engine publishes in its network namespace."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_NETWORK = 0x40000000  # CLONE_NEWNET


@contextmanager
def network_of(pid: int) -> Iterator[None]:
    """Have this thread open its sockets in the network of process `pid`.

    A socket stays where it was opened, and other threads where they are.
    """
    with Path("/proc/thread-self/ns/net").open() as own, Path(f"/proc/{pid}/ns/net").open() as its:
        _enter(its.fileno())
        try:
            yield
        finally:
            _enter(own.fileno())


def _enter(namespace: int) -> None:
    if _LIBC.setns(namespace, _NETWORK) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def command_in(pid: int, *words: str) -> list[str]:
    """Return how a command is run in the network of process `pid`."""
    return ["nsenter", f"--net=/proc/{pid}/ns/net", *words]
