"""Carrying a job's output away while it grows: into the store, and to those who watch.

The store is the truth (`app.jobs.logs`). The Redis stream is a hint for those who watch; whoever
misses something there finds it in the store.
"""

import os
import threading
import time
from io import FileIO
from pathlib import Path

from app.core.logging import get_logger, in_context
from app.jobs.broker import BROKER_ERRORS
from app.jobs.claims import Claim
from app.jobs.live import LiveStream
from app.jobs.logs import SEGMENT, segment_key
from app.jobs.patience import note_outage
from app.jobs.text import whole_utf8
from app.storage.store import Store

log = get_logger(__name__)

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
