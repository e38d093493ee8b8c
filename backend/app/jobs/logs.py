"""A job's output: cut into segments in the store, its newest bytes in a Redis stream.

The store is the truth: segment k of an attempt holds the bytes from k * SEGMENT on and is written
again every FLUSH_SECONDS while it grows. The stream is a hint for those who watch; whoever misses
something there finds it in the store.

A log has a cap: when `head_bytes` are written only the last `tail_bytes` of the rest are kept, and
follow, after a marker, at the end.
"""

import threading
import time
from collections import deque
from pathlib import Path

from app.core.logging import get_logger
from app.jobs.broker import BROKER_ERRORS
from app.jobs.live import LiveStream
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
#: The most that is sent to them at once, in bytes.
BATCH = 64 << 10


def segment_key(job_id: int, attempt: int, number: int) -> str:
    """Return the key of a segment."""
    return f"jobs/{job_id}/attempts/{attempt}/log/{number:06d}"


def read_log(store: Store, job_id: int, attempt: int, offset: int, limit: int) -> bytes:
    """Return up to `limit` bytes of a log from byte `offset`; empty where there is nothing yet."""
    pieces = []
    while limit > 0:
        number, start = divmod(offset, SEGMENT)
        try:
            key = segment_key(job_id, attempt, number)
            piece = store.get_range(key, start, min(limit, SEGMENT - start))
        except FileNotFoundError:
            break
        pieces.append(piece)
        offset, limit = offset + len(piece), limit - len(piece)
        if start + len(piece) < SEGMENT:
            break
    return b"".join(pieces)


def log_size(store: Store, job_id: int, attempt: int) -> int:
    """Return how many bytes of a log are in the store."""
    keys = sorted(store.keys(f"jobs/{job_id}/attempts/{attempt}/log"))
    return (len(keys) - 1) * SEGMENT + store.size(keys[-1]) if keys else 0


def store_rest(store: Store, claim: Claim, path: Path) -> None:
    """Store what the store lacks of the log in the file `path`, left behind by a dead worker."""
    stored = log_size(store, claim.job_id, claim.attempt)
    with path.open("rb") as file:
        for number in range(stored // SEGMENT, -(-path.stat().st_size // SEGMENT)):
            file.seek(number * SEGMENT)
            store.put(segment_key(claim.job_id, claim.attempt, number), file.read(SEGMENT))


def read_log_tail(store: Store, job_id: int, attempt: int, limit: int) -> bytes:
    """Return the last bytes of a log, at most `limit`."""
    offset = max(0, log_size(store, job_id, attempt) - limit)
    return read_log(store, job_id, attempt, offset, limit)


class CappedFile:
    """The log on the worker's disk: a head as it came, and the tail kept until the end."""

    def __init__(self, path: Path, head_bytes: int, tail_bytes: int) -> None:
        self._file = path.open("wb", buffering=0)
        self._room = head_bytes
        self._tail: deque[bytes] = deque()
        self._tail_bytes = tail_bytes
        self._tail_size = 0
        self._dropped = 0

    def write(self, data: bytes) -> None:
        """Add output."""
        head, rest = data[: self._room], data[self._room :]
        self._file.write(head)
        self._room -= len(head)
        if rest:
            self._keep_tail(rest)

    def close(self) -> None:
        """Write the marker and the tail, if output went beyond the head; once."""
        if self._file.closed:
            return
        if self._dropped:
            marker = f"\n[a6hub: the log is at its limit; {self._dropped} bytes left out here]\n"
            self._file.write(marker.encode())
        for piece in self._tail:
            self._file.write(piece)
        self._tail.clear()
        self._file.close()

    def _keep_tail(self, data: bytes) -> None:
        self._tail.append(data)
        self._tail_size += len(data)
        while self._tail_size > self._tail_bytes:
            oldest = self._tail.popleft()
            excess = min(self._tail_size - self._tail_bytes, len(oldest))
            if excess < len(oldest):
                self._tail.appendleft(oldest[excess:])
            self._tail_size -= excess
            self._dropped += excess


class Shipper:
    """Carries a growing file to the store and to those who watch, at its own pace.

    The tool never waits for it: what cannot be sent now is sent from the file later.
    """

    def __init__(self, path: Path, claim: Claim, store: Store, live: LiveStream) -> None:
        self._path = path
        self._claim = claim
        self._store = store
        self._live = live
        self._shown = 0  # bytes sent to the stream
        self._stored = 0  # bytes sent to the store
        self._stored_at = 0.0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log shipper", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Bring everything into the store; raises if the store does not take it."""
        self._closing.set()
        self._thread.join()
        self._show()
        self._store_new()

    def _run(self) -> None:
        while not self._closing.wait(BATCH_SECONDS):
            self._show()
            if self._segment_due():
                self._try_store()

    def _show(self) -> None:
        while data := whole_utf8(self._read(self._shown, BATCH)):
            try:
                self._live.add(self._claim, self._shown, data)
            except BROKER_ERRORS:
                log.debug("log not shown live", job=self._claim.job_id)
            self._shown += len(data)

    def _segment_due(self) -> bool:
        new = self._path.stat().st_size - self._stored
        late = time.monotonic() - self._stored_at >= FLUSH_SECONDS
        return new > 0 and (late or new >= SEGMENT)

    def _try_store(self) -> None:
        try:
            self._store_new()
        except Exception as error:  # noqa: BLE001 - any store fault: kept in the file, tried again
            log.warning("log not stored yet", job=self._claim.job_id, error=str(error))
        self._stored_at = time.monotonic()

    def _store_new(self) -> None:
        size = self._path.stat().st_size
        while self._stored < size:
            number = self._stored // SEGMENT
            data = self._read(number * SEGMENT, SEGMENT)
            self._store.put(segment_key(self._claim.job_id, self._claim.attempt, number), data)
            self._stored = number * SEGMENT + len(data)

    def _read(self, offset: int, length: int) -> bytes:
        with self._path.open("rb") as file:
            file.seek(offset)
            return file.read(length)


class LogWriter:
    """Where an attempt's output goes. `write` may be called from one thread at a time."""

    def __init__(self, path: Path, head_bytes: int, tail_bytes: int, shipper: Shipper) -> None:
        self._file = CappedFile(path, head_bytes, tail_bytes)
        self._shipper = shipper
        shipper.start()

    def write(self, data: bytes) -> None:
        """Add output."""
        self._file.write(data)

    def line(self, text: str) -> None:
        """Add a line of the platform's own."""
        self._file.write(f"[a6hub] {text}\n".encode())

    def close(self) -> None:
        """Finish the log and bring all of it into the store; may be tried again if that fails."""
        self._file.close()
        self._shipper.close()
