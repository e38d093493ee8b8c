"""LibreLane in a Python environment of the worker, whose other tools are the worker's too."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from app.core.images import digest_of
from app.executors.base import Mount
from app.toolchains.librelane.catalog import Catalog, catalog_text
from app.toolchains.librelane.catalog.asking import catalog_of
from app.toolchains.librelane.catalog.source import ask

_SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/sbin")  # which every executor shows
_PACKAGES = "lib/python3*/site-packages"
_DIGITS = 16
_SECONDS = 20
#: The programs that steps call, and how they say their version.
_PROGRAMS = (
    *(("openroad", "-version"), ("yosys", "-V"), ("sta", "-version"), ("magic", "--version")),
    *(("netgen", "-batch", "quit"), ("klayout", "-v"), ("verilator", "--version")),
)


@dataclass(frozen=True)
class InEnvironment:
    """See Installation. Paths are the same inside and outside.

    `image`: in which it is shown, if jobs run in containers.
    """

    python: Path
    image: str = ""

    @property
    def program(self) -> tuple[str, ...]:
        """See Installation.program."""
        return (str(self.python), "-m", "librelane")

    @property
    def prefix(self) -> Path:
        """The environment's folder."""
        return self.python.parents[1]

    @property
    def version(self) -> str:
        """LibreLane's version, or 'unknown'."""
        names = [path.stem for path in self.prefix.glob(f"{_PACKAGES}/librelane-*.dist-info")]
        return names[0].removeprefix("librelane-") if names else "unknown"

    def environment(self) -> dict[str, str]:
        """See Installation.environment."""
        return {
            "PATH": f"{self.prefix / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            # Filled when the environment was made; see start.sh.
            "A6HUB_NUMBA_CACHE": str(self.prefix / "numba-cache"),
        }

    def mounts(self) -> tuple[Mount, ...]:
        """See Installation.mounts."""
        folders = {self.prefix, *self._base_prefixes(), *self._linked_sources()}
        wanted = [folder for folder in folders if folder.is_dir() and not _is_system(folder)]
        # A folder within another must come later, or it would be covered.
        return tuple(Mount(folder, folder) for folder in sorted(wanted))

    def identity(self) -> Mapping[str, str]:
        """See Installation.identity.

        Programs beside the environment are the worker's, or those of the image.
        """
        of_image = {"image": digest_of(self.image)} if self.image else self._programs()
        return {"librelane": self.version, **of_image, "environment": self._digest()}

    def _programs(self) -> dict[str, str]:
        """Return a word that changes with the versions of the worker's programs, if it has any."""
        path = self.environment()["PATH"]
        found = (program_version(command, path) for command in _PROGRAMS)
        said = [f"{name} {version}" for name, version in filter(None, found)]
        digest = hashlib.sha256("\n".join(said).encode()).hexdigest()
        return {"programs": digest[:_DIGITS]} if said else {}

    def ask(self, command: tuple[str, ...]) -> bytes:
        """See Installation.ask."""
        return ask(command, self.environment())

    def catalog_text(self) -> bytes:
        """See Installation.catalog_text."""
        return catalog_text(self.python, self.environment())

    def catalog(self) -> Catalog:
        """See Installation.catalog."""
        return catalog_of(self)

    def _digest(self) -> str:
        """Return a word that changes with the packages and the plugins that are linked in."""
        digest = hashlib.sha256()
        for folder in sorted(self.prefix.glob(f"{_PACKAGES}/*.dist-info")):
            digest.update(f"{folder.name}\n".encode())
        for source in sorted(self._linked_sources()):
            for file in sorted(source.glob("librelane*/**/*.py")):
                digest.update(f"{file.relative_to(source)}\n".encode() + file.read_bytes())
        return digest.hexdigest()[:_DIGITS]

    def _base_prefixes(self) -> Iterator[Path]:
        """Yield where the environment's interpreter itself is installed."""
        link = self.python
        while link.is_symlink():
            link = Path(os.path.normpath(link.parent / link.readlink()))
            yield link.parents[1]
        yield self.python.resolve().parents[1]
        for line in _lines(self.prefix / "pyvenv.cfg"):
            name, _, value = line.partition("=")
            if name.strip() == "home":
                yield Path(value.strip()).parent

    def _linked_sources(self) -> Iterator[Path]:
        """Yield the source folders that .pth files add, as an editable installation does."""
        for file in self.prefix.glob(f"{_PACKAGES}/*.pth"):
            for line in _lines(file):
                if line.startswith("/"):
                    yield Path(line)


def program_version(command: tuple[str, ...], path: str) -> tuple[str, str] | None:
    """Return a program's name and what it says of its version; None if it is not there."""
    file = shutil.which(command[0], path=path)
    if file is None:
        return None
    status = Path(file).resolve().stat()
    return command[0], _said((file, *command[1:]), path, status.st_mtime_ns, status.st_size)


@lru_cache
def _said(command: tuple[str, ...], path: str, *_changes: int) -> str:
    try:
        asked = subprocess.run(
            command,
            env={"PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    return asked.stdout.decode(errors="replace").strip().partition("\n")[0]


def _is_system(folder: Path) -> bool:
    return any(folder.is_relative_to(system) for system in _SYSTEM) or folder == Path("/")


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except OSError:
        return []
