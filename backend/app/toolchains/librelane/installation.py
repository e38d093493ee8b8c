"""Where LibreLane is installed, and what a job has to see of it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.core.settings import Settings
from app.executors.base import Mount
from app.toolchains.base import BadInputError

PDK = "sky130A"
_SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/sbin")  # which every executor shows
_NOT_SET_UP = (
    "This worker has no build flow: A6HUB_FLOW_PYTHON has to name the Python of an environment "
    "with LibreLane, and A6HUB_PDK_ROOT the folder of the PDK."
)


@dataclass(frozen=True)
class Installation:
    """A Python environment with LibreLane, and a PDK. Paths are the same inside and outside."""

    python: Path
    pdk_root: Path

    @classmethod
    def of(cls, settings: Settings) -> "Installation":
        """Return this worker's; BadInputError says what is missing."""
        python, pdk_root = settings.flow_python, settings.pdk_root
        if python is None or pdk_root is None:
            raise BadInputError("toolchain", _NOT_SET_UP)
        for path in (python, pdk_root / PDK):
            if not path.exists():
                raise BadInputError("toolchain", f"{path} does not exist. {_NOT_SET_UP}")
        return cls(python.absolute(), pdk_root.absolute())

    @property
    def prefix(self) -> Path:
        """The environment's folder."""
        return self.python.parents[1]

    @property
    def numba_cache(self) -> Path:
        """Compiled functions, filled when the environment was made; it may be missing."""
        return self.prefix / "numba-cache"

    def environment(self) -> dict[str, str]:
        """Return the variables that the flow needs."""
        return {
            "PATH": f"{self.prefix / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
            "TERM": "dumb",
            "COLUMNS": "160",  # LibreLane wraps its lines
        }

    def mounts(self) -> tuple[Mount, ...]:
        """Return the folders to show, read-only."""
        folders = {self.prefix, self.pdk_root, self.pdk_root.resolve(), *self._base_prefixes()}
        folders |= set(self._linked_sources())
        wanted = [folder for folder in folders if folder.is_dir() and not _is_system(folder)]
        # A folder within another must come later, or it would be covered.
        return tuple(Mount(folder, folder) for folder in sorted(wanted))

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
        for file in self.prefix.glob("lib/python3*/site-packages/*.pth"):
            for line in _lines(file):
                if line.startswith("/"):
                    yield Path(line)


def _is_system(folder: Path) -> bool:
    return any(folder.is_relative_to(system) for system in _SYSTEM) or folder == Path("/")


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except OSError:
        return []
