"""Set-up steps: progress shown, done once, repaired when they were cut short."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path


class SetupError(Exception):
    """Set-up cannot go on; the text says what the user can do."""


def say(text: str) -> None:
    """Show a line of progress."""
    sys.stderr.write(f"a6hub: {text}\n")
    sys.stderr.flush()


def once(stamp: Path, wanted: str, what: str, do: Callable[[], object]) -> None:
    """Do `do` unless `stamp` says that it was done for `wanted`; show how long it took.

    The stamp is written at the end, so what was cut short is done again.
    """
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    stamp.unlink(missing_ok=True)
    say(f"{what} ...")
    began = time.monotonic()
    do()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(wanted)
    say(f"{what}: done in {time.monotonic() - began:.0f} s")


def run(
    argv: Sequence[object],
    *,
    cwd: Path | None = None,
    stdin: bytes | None = None,
    spared: bool = False,
) -> bytes:
    """Run a program and return what it prints; SetupError with its words when it fails.

    One that is `spared` is not hit by Ctrl-C: a package manager should not be cut short.
    """
    words = list(map(str, argv))
    group = 0 if spared else None
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            input=stdin,
            capture_output=True,
            check=False,
            process_group=group,
        )
    except OSError as error:
        raise SetupError(f"`{words[0]}` cannot be run: {error.strerror}") from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()[-2000:]
        raise SetupError(f"`{' '.join(words)}` failed:\n{said}")
    return done.stdout
