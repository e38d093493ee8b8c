"""A job's output: cut into segments in the store, its newest bytes in a Redis stream.

The store is the truth: segment k of an attempt holds the bytes from k * SEGMENT on and is written
again every FLUSH_SECONDS while it grows. The stream is a hint for those who watch; whoever misses
something there finds it in the store.

A log has a cap: when `head_bytes` are written only the last `tail_bytes` of the rest are kept, and
follow, after a marker, at the end (`app.jobs.capped`).
"""

import os
import threading
import time
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

from app.core.logging import get_logger, in_context
from app.jobs.broker import BROKER_ERRORS
from app.jobs.capped import CappedFile, complete_log
from app.jobs.live import LiveStream
from app.jobs.patience import note_outage
from app.jobs.states import Claim
from app.jobs.text import whole_utf8
from app.storage.store import Store

log = get_logger(__name__)

#: Bytes in a segment. Readers rely on it: changing it makes old logs unreadable.
SEGMENT = 1 << 20
#: How often the last, growing segment is stored, in seconds.
FLUSH_SECONDS = 2.0
#: How long output may gather before it is sent to those who watch, in seconds.
BATCH_SECONDS = 0.1
#: The most that is sent to them in one piece, in bytes.
BATCH = 64 << 10
#: The most that may wait to be sent, in bytes. When output grows faster, what lies between is left
#: to the store.
BACKLOG = 1 << 20
#: How long the end of a log waits for the last of it to be sent to those who watch, in seconds.
PARTING_SECONDS = 0.5


def segment_key(job_id: int, attempt: int, number: int) -> str:
    """Return the key of a segment."""
    return f"jobs/{job_id}/attempts/{attempt}/log/{number:06d}"


def read_log(store: Store, job_id: int, attempt: int, offset: int, limit: int) -> bytes:
    """Return up to `limit` bytes of a log from byte `offset`; empty where there is nothing yet."""
    return b"".join(log_pieces(store, job_id, attempt, offset, limit))


def log_pieces(store: Store, job_id: int, attempt: int, offset: int, limit: int) -> Iterator[bytes]:
    """Yield what read_log() returns, a segment's bytes at a time."""
    while limit > 0:
        number, start = divmod(offset, SEGMENT)
        try:
            key = segment_key(job_id, attempt, number)
            piece = store.get_range(key, start, min(limit, SEGMENT - start))
        except FileNotFoundError:
            return
        if piece:
            yield piece
        offset, limit = offset + len(piece), limit - len(piece)
        if start + len(piece) < SEGMENT:
            return


def log_size(store: Store, job_id: int, attempt: int) -> int:
    """Return how many bytes of a log are in the store."""
    last = max(store.keys(f"jobs/{job_id}/attempts/{attempt}/log"), default=None)
    return int(last.rpartition("/")[2]) * SEGMENT + store.size(last) if last else 0


def store_rest(store: Store, claim: Claim, path: Path) -> None:
    """Store what the store lacks of the log in the file `path`, left behind by a dead worker."""
    complete_log(path)
    stored = log_size(store, claim.job_id, claim.attempt)
    with path.open("rb") as file:
        for number in range(stored // SEGMENT, -(-path.stat().st_size // SEGMENT)):
            file.seek(number * SEGMENT)
            store.put(segment_key(claim.job_id, claim.attempt, number), file.read(SEGMENT))


def read_log_tail(store: Store, job_id: int, attempt: int, limit: int) -> bytes:
    """Return the last bytes of a log, at most `limit`."""
    offset = max(0, log_size(store, job_id, attempt) - limit)
    return read_log(store, job_id, attempt, offset, limit)


class Shipper:
    """Carries a growing file to the store and to those who watch, each at its own pace.

    The tool waits for neither: what cannot be stored now is stored from the file later, and what
    cannot be shown now is found in the store.
    """

    def __init__(self, path: Path, claim: Claim, store: Store, live: LiveStream) -> None:
        self._path = path
        self._claim = claim
        self._store = store
        self._live = live
        self._stored = 0  # bytes sent to the store
        self._stored_at = 0.0
        self._closing = threading.Event()
        self._storing = threading.Thread(
            target=in_context(self._keep_storing), name="log store", daemon=True
        )
        self._showing: threading.Thread | None = None

    def start(self) -> None:
        """Begin; the file is there."""
        show = _Show(self._path.open("rb", buffering=0), self._claim, self._live, self._closing)
        self._showing = threading.Thread(target=in_context(show.run), name="log show", daemon=True)
        self._showing.start()
        self._storing.start()

    def close(self) -> None:
        """Bring everything into the store; raises if the store does not take it."""
        self._closing.set()
        if self._showing is not None:
            self._showing.join(PARTING_SECONDS)
        self._storing.join()
        self._store_new()

    def _keep_storing(self) -> None:
        while not self._closing.wait(BATCH_SECONDS):
            self._try_store()

    def _segment_due(self) -> bool:
        new = self._path.stat().st_size - self._stored
        late = time.monotonic() - self._stored_at >= FLUSH_SECONDS
        return new > 0 and (late or new >= SEGMENT)

    def _try_store(self) -> None:
        try:
            if self._segment_due():
                self._store_new()
                self._stored_at = time.monotonic()
        except Exception as error:  # noqa: BLE001 - any store fault: kept in the file, tried again
            note_outage(error)
            log.warning("log not stored yet", job=self._claim.job_id, error=str(error))
            self._closing.wait(FLUSH_SECONDS)

    def _store_new(self) -> None:
        with self._path.open("rb", buffering=0) as file:
            while self._stored < self._path.stat().st_size:
                number = self._stored // SEGMENT
                file.seek(number * SEGMENT)
                data = file.read(SEGMENT)
                key = segment_key(self._claim.job_id, self._claim.attempt, number)
                self._store.put(key, data)
                self._stored = number * SEGMENT + len(data)


class _Show:
    """Sends a growing file to those who watch; far behind, it goes on with the newest bytes."""

    def __init__(
        self, file: FileIO, claim: Claim, live: LiveStream, closing: threading.Event
    ) -> None:
        self._file = file
        self._claim = claim
        self._live = live
        self._closing = closing
        self._shown = 0  # bytes of the file that were sent or passed over

    def run(self) -> None:
        """Send until the end, and what is there then."""
        with self._file:
            last = False
            while not last:
                last = self._closing.wait(BATCH_SECONDS)
                try:
                    self._send_new(final=last)
                except BROKER_ERRORS:
                    log.debug("log not shown live", job=self._claim.job_id)
                    self._shown = self._size()

    def _send_new(self, *, final: bool) -> None:
        size = self._size()
        if size - self._shown > BACKLOG:
            self._shown = size - BATCH
        while data := whole_utf8(self._read(size), final=final):
            self._live.add(self._claim, self._shown, data)
            self._shown += len(data)

    def _read(self, size: int) -> bytes:
        self._file.seek(self._shown)
        return self._file.read(min(BATCH, size - self._shown))

    def _size(self) -> int:
        return os.fstat(self._file.fileno()).st_size


class LogWriter:
    """Where an attempt's output goes. `write` may be called from one thread at a time."""

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
