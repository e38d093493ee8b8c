"""Running ciel, the program that fetches PDKs for LibreLane.

It is in LibreLane's own environment, so it is run, not imported.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.executors.folders import walk
from app.pdks.mirror import served
from app.pdks.staging import version_folder
from app.pdks.trouble import PdkError

_TELL_SECONDS = 5
_MOST_WORDS = 500
_NO_CIEL = (
    "ciel is not here, which fetches PDKs: it comes with LibreLane (`./a6hub doctor` sets one up), "
    "or by `pip install ciel`. `--from ARCHIVE` does without it."
)
_UNREACHABLE = (
    "{source} cannot be reached. Without internet: --from FOLDER or --from URL of a mirror, or "
    "--from ARCHIVE (docs/builds.md)."
)
#: What ciel says when something is wrong, and what that means.
_TROUBLES = (
    (("No module named",), _NO_CIEL),
    (("No space left",), "The disk is full; nothing was installed."),
    (
        ("Manifest for", "not found remotely", "No versions found"),
        "There is no {what} at {source}. `a6hub pdk list --remote` shows what there is.",
    ),
    (
        ("[Errno", "attempts failed", "timed out", "CERTIFICATE", "SSL", "disconnected"),
        _UNREACHABLE,
    ),
)


@dataclass(frozen=True)
class Ciel:
    """`program` calls it; `source` is the address of a mirror, None for ciel's own.

    `libraries` are fetched beside the usual ones; 'all' is one of them.
    """

    program: tuple[str, ...]
    source: str | None = None
    libraries: tuple[str, ...] = ()

    def fetch(self, into: Path, family: str, version: str, tell: Callable[[str], None]) -> Path:
        """Fetch a version into a new folder; return where it is there. Raises PdkError."""
        libraries = [f"--include-libraries={name}" for name in ("default", *self.libraries)]
        words = self._words("fetch", family, "--pdk-root", str(into), *libraries, version)
        # Downloads go where there is room, not into /tmp.
        env = os.environ | {"TMPDIR": str(into)}
        log = into / "ciel.log"
        with log.open("wb") as output:
            process = subprocess.Popen(words, env=env, stdout=output, stderr=output)
            _wait(process, into, tell)
        if process.returncode != 0:
            raise self._trouble(log.read_text(errors="replace"), f"version {version} of {family}")
        return version_folder(into, family, version)

    def versions(self, family: str) -> list[str]:
        """Return the versions that can be fetched, the newest first. Raises PdkError."""
        words = self._words("ls-remote", family)
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise self._trouble(done.stdout + done.stderr, f"family {family}")
        return done.stdout.split()

    def _words(self, command: str, family: str, *more: str) -> list[str]:
        source = ("--data-source", f"static-web:{self.source}") if self.source else ()
        return [*self.program, command, "--pdk-family", family, *source, *more]

    def _trouble(self, said: str, what: str) -> PdkError:
        source = self.source or "ciel's own source on the internet"
        for marks, meaning in _TROUBLES:
            if any(mark in said for mark in marks):
                return PdkError(meaning.format(what=what, source=source))
        return PdkError(f"ciel failed: {said.strip()[-_MOST_WORDS:]}")


@contextmanager
def find_ciel(
    flow_python: Path | None, source: str | None, libraries: tuple[str, ...] = ()
) -> Iterator[Ciel]:
    """Give a ciel for a source: a mirror's address or folder, None for ciel's own."""
    if flow_python is not None and flow_python.exists():
        program: tuple[str, ...] = (str(flow_python), "-m", "ciel")
    elif found := shutil.which("ciel"):
        program = (found,)
    else:
        raise PdkError(_NO_CIEL)
    if source is None or "://" in source:
        yield Ciel(program, source and source.rstrip("/"), libraries)
        return
    with served(Path(source)) as address:
        yield Ciel(program, address, libraries)


def _wait(process: "subprocess.Popen[bytes]", folder: Path, tell: Callable[[str], None]) -> None:
    """Wait for its end, telling now and then how much has come; it ends with us."""
    try:
        while True:
            try:
                process.wait(_TELL_SECONDS)
            except subprocess.TimeoutExpired:
                tell(f"{size_of(folder) >> 20} MiB so far")
            else:
                return
    finally:
        process.kill()
        process.wait()


def size_of(folder: Path) -> int:
    """Return what is in a folder, in bytes; what goes meanwhile does not count."""
    total = 0
    for entry in walk(folder):
        try:
            total += entry.stat(follow_symlinks=False).st_size
        except FileNotFoundError:
            continue
    return total
