"""Where an attempt's output goes: a file with a cap, which is carried away while it grows."""

from pathlib import Path

from app.jobs.capped import CappedFile
from app.jobs.log_shipper import Shipper


class LogWriter:
    """Takes output. `write` may be called from one thread at a time.

    When `head_bytes` are written only the last `tail_bytes` of the rest are kept, and follow, after
    a marker, at the end (`app.jobs.capped`).
    """

    def __init__(self, path: Path, head_bytes: int, tail_bytes: int, shipper: Shipper) -> None:
        self._file = CappedFile(path, head_bytes, tail_bytes)
        self._shipper = shipper
        #: What was written, also what the cap leaves out.
        self.bytes = 0
        shipper.start()

    def write(self, data: bytes) -> None:
        """Add output."""
        self.bytes += len(data)
        self._file.write(data)

    def line(self, text: str) -> None:
        """Add a line of the platform's own."""
        self.write(f"[a6hub] {text}\n".encode())

    def close(self) -> None:
        """Finish the log and bring all of it into the store; may be tried again if that fails."""
        self._file.close()
        self._shipper.close()
