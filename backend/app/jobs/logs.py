"""A job's output in the store, which is the truth: segments of what an attempt has printed.

Segment k of an attempt holds the bytes from k * SEGMENT on; the last is written again while it
grows (`app.jobs.log_shipper`).
"""

from collections.abc import Iterator
from pathlib import Path

from app.jobs.capped import complete_log
from app.jobs.claims import Claim
from app.storage.store import Store

#: Bytes in a segment. Readers rely on it: changing it makes old logs unreadable.
SEGMENT = 1 << 20


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
