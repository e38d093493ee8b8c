"""Following a job live: its state and every byte of its log once, in order.

The log's place is an attempt and a byte offset. Bytes come from the Redis stream while they join on
to that place, and from the store whenever they do not: at the start, after a gap (a slow reader, a
Redis that was away or wiped), and at the end. So nothing depends on what Redis keeps.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from typing import Any

import redis.asyncio

from app.core.logging import get_logger
from app.jobs.broker import BROKER_ERRORS, open_async_redis
from app.jobs.context import Context
from app.jobs.live import stream_key
from app.jobs.logs import SEGMENT, read_log
from app.jobs.patience import OUTAGES, is_outage, note_outage
from app.jobs.text import utf8_pieces, whole_utf8
from app.models import Job, JobStatus

log = get_logger(__name__)

#: Bytes of log in one event.
CHUNK = 64 << 10
#: Entries of the stream that are read at once.
ENTRIES = 16
#: How long one look at the stream waits for something new, in milliseconds.
BLOCK_MS = 1000
#: How old the job's state may be when it is shown, in seconds.
STATE_SECONDS = 0.5
#: How long to wait before what is away is asked again, in seconds.
PAUSE_SECONDS = 1.0
#: How often the store is asked though the stream shows no gap, in seconds.
STORE_SECONDS = 5.0


@dataclass(frozen=True)
class Event:
    """Something for those who watch: kind `log`, `job` or `end`. Only log events have an id."""

    kind: str
    data: dict[str, Any]
    id: str | None = None


@dataclass(frozen=True)
class JobState:
    """What is told of a job when it changes."""

    job_id: int
    status: str
    attempt: int
    current_step: str | None
    reason: str | None
    message: str | None
    verdict: str | None


async def follow(
    context: Context, job_id: int, attempt: int | None, offset: int
) -> AsyncIterator[Event]:
    """Yield what happens to a job from a place in its log on, until the job has ended.

    Without an `attempt` it begins with the newest. When a job goes on with another attempt, so does
    this.
    """
    async with open_async_redis(context.settings, BLOCK_MS / 1000) as client:
        async for event in _Follower(context, client, job_id, attempt, offset).events():
            yield event


class _Follower:
    def __init__(
        self,
        context: Context,
        client: "redis.asyncio.Redis",
        job_id: int,
        attempt: int | None,
        offset: int,
    ) -> None:
        self._context = context
        self._client = client
        self._job_id = job_id
        self._attempt = attempt
        self._offset = offset
        self._last_entry: bytes | str = "0"
        self._state: JobState | None = None
        self._state_at = 0.0
        self._store_at = 0.0
        self._known = 0  # how long the log is, as the stream has told

    async def events(self) -> AsyncIterator[Event]:
        while True:
            if await self._refresh_state():
                yield Event("job", asdict(self._now))
            if self._store_is_due:
                data = await self._from_store()
                for piece in utf8_pieces(data or b"", CHUNK):
                    yield self._log(piece)
                if data and len(data) > CHUNK:
                    continue  # there is more; the state is looked at in between
                self._store_at = time.monotonic()
                if self._over and data != b"":
                    continue
            if not self._over:
                for event in await self._from_stream():
                    yield event
            elif self._now.attempt > self._place:
                self._go_on_with(self._place + 1)
            else:
                yield Event("end", asdict(self._now))
                return

    @property
    def _now(self) -> JobState:
        assert self._state is not None  # noqa: S101 - set by the first _refresh_state
        return self._state

    @property
    def _place(self) -> int:
        """The number of the attempt whose log is being read."""
        if self._attempt is None and self._now.attempt > 0:
            self._attempt = self._now.attempt
        return self._attempt or 1

    @property
    def _over(self) -> bool:
        """Whether nothing is added any more to the log that is being read."""
        return self._now.attempt > self._place or JobStatus(self._now.status).is_terminal

    def _go_on_with(self, attempt: int) -> None:
        self._attempt, self._offset, self._known, self._store_at = attempt, 0, 0, 0.0

    async def _refresh_state(self) -> bool:
        if time.monotonic() - self._state_at < STATE_SECONDS:
            return False
        while (state := await self._from_database()) is None:
            if self._state is not None:
                return False
        self._state_at = time.monotonic()
        changed, self._state = state != self._state, state
        return changed

    async def _from_database(self) -> JobState | None:
        """Return the job's state; None after a pause if the database is away."""
        try:
            return await asyncio.to_thread(self._read_state)
        except OUTAGES as error:
            await self._wait_out(error)
            return None

    def _read_state(self) -> JobState:
        with self._context.database.reading() as session:
            job = session.get_one(Job, self._job_id)
            fields = ("status", "attempt", "current_step", "reason", "message", "verdict")
            return JobState(job.id, **{name: getattr(job, name) for name in fields})

    @property
    def _store_is_due(self) -> bool:
        stale = time.monotonic() - self._store_at > STORE_SECONDS
        return self._over or self._known > self._offset or stale

    async def _from_store(self) -> bytes | None:
        """Return what the store has, empty if that is nothing; None after a pause if it is away."""
        try:
            return await asyncio.to_thread(self._read_store, final=self._over)
        except OUTAGES as error:
            if not is_outage(error):
                raise
            await self._wait_out(error)
            return None

    async def _wait_out(self, error: Exception) -> None:
        """Let those who follow wait rather than end their stream, which they would ask for anew."""
        note_outage(error)
        words = str(error).partition("\n")[0]
        log.warning("outage; looking again later", job=self._job_id, error=words)
        await asyncio.sleep(PAUSE_SECONDS)

    def _read_store(self, *, final: bool) -> bytes:
        """Return what the store has from our place on, up to a segment's bytes."""
        store = self._context.store
        data = read_log(store, self._job_id, self._place, self._offset, SEGMENT)
        return whole_utf8(data, final=final and len(data) < SEGMENT)

    async def _from_stream(self) -> list[Event]:
        try:
            reply: Any = await self._client.xread(
                {stream_key(self._job_id): self._last_entry}, count=ENTRIES, block=BLOCK_MS
            )
        except BROKER_ERRORS:
            self._store_at = 0.0  # no hints now: look into the store
            await asyncio.sleep(BLOCK_MS / 1000)
            return []
        return [event for entry in _entries(reply) if (event := self._take(*entry))]

    def _take(self, entry_id: bytes, fields: dict[bytes, bytes]) -> Event | None:
        """Return the part of a stream entry that joins on to our place."""
        self._last_entry = entry_id
        start, data = int(fields[b"offset"]), fields[b"data"]
        if not data:
            self._state_at = 0.0  # look at the job's state now
            return None
        if int(fields[b"attempt"]) != self._place:
            return None
        end = start + len(data)
        self._known = max(self._known, end)
        if not start <= self._offset < end:
            return None
        return self._log(data[self._offset - start :])

    def _log(self, data: bytes) -> Event:
        at = self._offset
        self._offset += len(data)
        text = data.decode(errors="replace")
        return Event(
            "log",
            {"attempt": self._place, "offset": at, "text": text},
            f"{self._place}:{self._offset}",
        )


def _entries(reply: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """Return the entries of an XREAD reply; RESP3 gives a mapping, RESP2 a list, nothing: empty."""
    if not reply:
        return []
    streams = reply.values() if isinstance(reply, dict) else [pair[1] for pair in reply]
    entries: list[tuple[bytes, dict[bytes, bytes]]] = []
    for stream in streams:
        # RESP3 wraps the entries of a stream in one more list.
        nested = stream and isinstance(stream[0], list)
        entries.extend(stream[0] if nested else stream)
    return entries
