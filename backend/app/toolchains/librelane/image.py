"""LibreLane in a container image: whatever the image has on its PATH."""

import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.core.images import digest_of
from app.core.settings import Settings
from app.executors.base import Command, Limits, Mount
from app.executors.registry import make_executor
from app.toolchains.librelane.catalog import Catalog, export_command
from app.toolchains.librelane.catalog.asking import catalog_of

TOOLS = "librelane"
_WALL_SECONDS = 120
_MEMORY_BYTES = 4 << 30


@dataclass(frozen=True)
class InImage:
    """See Installation. `image` is pinned by its digest."""

    image: str
    settings: Settings = field(compare=False, repr=False)
    python = Path("python3")
    program = ("librelane",)

    def environment(self) -> dict[str, str]:
        """See Installation.environment: the image has its own."""
        return {}

    def mounts(self) -> tuple[Mount, ...]:
        """See Installation.mounts."""
        return ()

    def identity(self) -> Mapping[str, str]:
        """See Installation.identity."""
        return {"image": digest_of(self.image)}

    def ask(self, command: tuple[str, ...]) -> bytes:
        """See Installation.ask: in a container like a job's.

        ConnectionError while the engine is away.
        """
        pieces: list[bytes] = []
        work = self.settings.work_dir
        work.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=work, prefix="check-") as folder:  # as filters know it
            asked = Command(command, Path(folder), {}, self._limits(), tools=TOOLS)
            end = make_executor(self.settings).run(asked, pieces.append, threading.Event())
        said = b"".join(pieces)
        if end.is_outage:
            raise ConnectionError(end.message)
        if not end.ok:
            raise OSError(end.message or said.decode(errors="replace")[-500:])
        return said

    def _limits(self) -> Limits:
        """Return limits that are no higher than a job's: a filter would refuse them."""
        settings = self.settings
        return Limits(
            _WALL_SECONDS,
            memory_bytes=min(_MEMORY_BYTES, settings.job_memory_bytes),
            processes=settings.job_processes,
            disk_bytes=settings.job_disk_bytes,
        )

    def catalog_text(self) -> bytes:
        """See Installation.catalog_text."""
        return self.ask(export_command(str(self.python)))

    def catalog(self) -> Catalog:
        """See Installation.catalog."""
        return catalog_of(self)
