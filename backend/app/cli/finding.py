"""What `doctor` has to say."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `advice` is there when it is not well."""

    name: str
    well: bool
    words: str
    advice: str = ""


def attempt(name: str, check: Callable[[], str], advice: str) -> Finding:
    """Do a check that returns words, or raises: then these say what is not well."""
    try:
        return Finding(name, True, check())
    except Exception as error:  # noqa: BLE001 - whatever it is, the user is told
        return Finding(name, False, str(error).partition("\n")[0], advice)


def fail(words: str) -> str:
    """Have a check end with what is not well."""
    raise RuntimeError(words)
