"""How much may come out of an archive."""

from dataclasses import dataclass

from app.core.settings import Settings
from app.projects.archives.refusal import TooMuchError

#: Up to this size, in bytes, nobody asks how well something was packed: a small file of zeros packs
#: a thousand times smaller, and harms nobody.
RATIO_FREE_BYTES = 8 << 20


@dataclass(frozen=True)
class Limits:
    """Sizes are bytes. `ratio` is unpacked to packed, of an entry and of the whole."""

    total_bytes: int
    file_bytes: int
    entries: int
    ratio: int

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """Return this a6hub's."""
        return cls(
            total_bytes=settings.max_unpacked_bytes,
            file_bytes=settings.max_upload_bytes,
            entries=settings.max_archive_entries,
            ratio=settings.max_archive_ratio,
        )

    def check_file(self, size: int, entry: str) -> None:
        """Refuse a file of more than `file_bytes`."""
        if size > self.file_bytes:
            raise TooMuchError(f"is larger than {self.file_bytes} bytes.", entry)

    def check_ratio(self, size: int, packed: int, entry: str | None = None) -> None:
        """Refuse what becomes much more than it was."""
        if size > RATIO_FREE_BYTES and size > self.ratio * packed:
            raise TooMuchError(f"unpacks to more than {self.ratio} times its size.", entry)


class Budget:
    """Counts what has come out of one archive; TooMuchError as soon as it is too much."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._unpacked = 0
        self._entries = 0

    def count_entry(self) -> None:
        """Count one entry, whatever it is."""
        self._entries += 1
        if self._entries > self.limits.entries:
            raise TooMuchError(f"holds more than {self.limits.entries} entries.")

    def count_bytes(self, size: int) -> None:
        """Count bytes that came out, or that a copy will take."""
        self._unpacked += size
        if self._unpacked > self.limits.total_bytes:
            raise TooMuchError(f"unpacks to more than {self.limits.total_bytes} bytes.")

    def check_ratio(self, packed: int) -> None:
        """Refuse an archive of which `packed` bytes became what has come out so far."""
        self.limits.check_ratio(self._unpacked, packed)
