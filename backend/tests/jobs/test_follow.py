"""Following a job: every byte once, in order, whatever Redis does."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from obstore.exceptions import BaseError as StoreError

from app.core.clock import utcnow
from app.jobs.claims import Claim
from app.jobs.context import Context
from app.jobs.follow import CHUNK, Event, follow
from app.jobs.live import LiveStream
from app.jobs.log_shipper import Shipper
from app.jobs.log_writer import LogWriter
from app.jobs.logs import SEGMENT, log_size, read_log, segment_key
from app.jobs.outcomes import Ending
from app.jobs.states import cancel, finish, reap
from app.models import Job, JobStatus
from app.storage.store import Store
from tests.jobs.factories import claim_job, make_job
from tests.jobs.odd import ODD, framed, make_odd_job, run_odd_job
from tests.system.workers import PATIENCE, wait_until

pytestmark = pytest.mark.system

DONE = Ending(JobStatus.COMPLETED, "All tests passed.", verdict="passed")


class Teller:
    """Plays a worker: tells the stream, the store, or both."""

    def __init__(self, context: Context, claim: Claim) -> None:
        self.context = context
        self.claim = claim
        self.log = b""

    def say(self, data: bytes, *, stream: bool = True, store: bool = True) -> None:
        offset, self.log = len(self.log), self.log + data
        if stream:
            LiveStream(self.context.broker.redis).add(self.claim, offset, data)
        if store:
            key = segment_key(self.claim.job_id, self.claim.attempt, 0)
            self.context.store.put(key, self.log)

    def finish(self) -> None:
        with self.context.database.writing() as session:
            assert finish(session, self.claim, DONE)


@pytest.fixture
def teller(redis_context: Context) -> Teller:
    job_id = make_job(redis_context.database)
    return Teller(redis_context, claim_job(redis_context.database, job_id))


async def _next(events: AsyncIterator[Event], kind: str) -> Event:
    async for event in events:
        if event.kind == kind:
            return event
    raise AssertionError(f"no {kind} event")


def _run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), PATIENCE))


def _follow(teller: Teller, attempt: int | None = None, offset: int = 0) -> Any:
    return follow(teller.context, teller.claim.job_id, attempt, offset)


async def _text(events: AsyncIterator[Event]) -> str:
    """Return the log's text from here to the end."""
    return "".join([event.data["text"] async for event in events if event.kind == "log"])


def test_an_ended_job_is_told_from_the_store_alone(teller: Teller) -> None:
    async def test() -> None:
        teller.say("größe\n".encode(), stream=False)
        teller.finish()
        events = [event async for event in _follow(teller)]
        assert [event.kind for event in events] == ["job", "log", "end"]
        assert events[1].data == {"attempt": 1, "offset": 0, "text": "größe\n"}
        assert events[1].id == "1:8"
        assert events[2].data["status"] == "completed"
        assert events[2].data["verdict"] == "passed"

    _run(test)


def test_new_lines_come_over_the_stream_before_the_store_has_them(teller: Teller) -> None:
    async def test() -> None:
        events = _follow(teller)
        teller.say(b"one\n", store=False)
        assert (await _next(events, "log")).data["text"] == "one\n"
        teller.say(b"two\n", store=False)
        assert (await _next(events, "log")).id == "1:8"
        teller.say(b"three\n")
        teller.finish()
        assert await _text(events) == "three\n"

    _run(test)


def test_it_goes_on_where_the_reader_left_off(teller: Teller) -> None:
    async def test() -> None:
        teller.say(b"0123456789")
        teller.finish()
        assert await _text(_follow(teller, 1, 4)) == "456789"

    _run(test)


def test_a_wiped_redis_costs_no_byte(teller: Teller) -> None:
    async def test() -> None:
        events = _follow(teller)
        teller.say(b"one ")
        assert (await _next(events, "log")).data["text"] == "one "
        teller.say(b"two ")
        teller.context.broker.redis.flushall()
        teller.say(b"three ")
        teller.finish()
        assert await _text(events) == "two three "

    _run(test)


def test_a_gap_in_the_stream_is_filled_from_the_store(teller: Teller) -> None:
    async def test() -> None:
        events = _follow(teller)
        teller.say(b"one ", store=False)
        await _next(events, "log")
        teller.say(b"two ", stream=False)
        teller.say(b"three ")
        teller.finish()
        assert await _text(events) == "two three "

    _run(test)


def test_it_follows_the_job_to_its_next_attempt(teller: Teller) -> None:
    async def test() -> None:
        database = teller.context.database
        events = _follow(teller)
        teller.say(b"first")
        assert (await _next(events, "log")).id == "1:5"
        with database.writing() as session:
            session.get_one(Job, teller.claim.job_id).lease_until = utcnow() - timedelta(days=1)
        with database.writing() as session:
            assert reap(session, teller.claim, 3) is JobStatus.PENDING
        second = Teller(teller.context, claim_job(database, teller.claim.job_id))
        second.say(b"second")
        second.finish()
        ids = [event.id async for event in events if event.kind == "log"]
        assert ids == ["2:6"]

    _run(test)


def test_a_pending_job_that_is_cancelled_ends(redis_context: Context) -> None:
    job_id = make_job(redis_context.database)

    async def test() -> None:
        events = follow(redis_context, job_id, None, 0)
        assert (await _next(events, "job")).data["status"] == "pending"
        with redis_context.database.writing() as session:
            cancel(session, session.get_one(Job, job_id))
        assert (await _next(events, "end")).data["status"] == "cancelled"

    _run(test)


def test_without_redis_the_store_tells_it_all(context: Context) -> None:
    job_id = make_job(context.database)
    claim = claim_job(context.database, job_id)
    context.store.put(segment_key(job_id, 1, 0), b"from the store")
    with context.database.writing() as session:
        finish(session, claim, DONE)

    async def test() -> None:
        assert await _text(follow(context, job_id, None, 0)) == "from the store"

    _run(test)


class AwayStore(Store):
    """Cannot be read while it is away."""

    def __init__(self, store: Store) -> None:
        super().__init__(store._backend)
        self.away, self.tried = True, 0

    def get_range(self, key: str, start: int, length: int) -> bytes:
        self.tried += 1
        if self.away:
            raise StoreError("away")
        return super().get_range(key, start, length)


@pytest.mark.parametrize("ended", [False, True])
def test_a_store_that_is_away_is_waited_for(
    teller: Teller, ended: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.follow.PAUSE_SECONDS", 0.01)
    store = AwayStore(teller.context.store)
    teller.context = replace(teller.context, store=store)
    teller.say(b"one\n", stream=False)
    if ended:
        teller.finish()

    async def test() -> None:
        events = _follow(teller)
        await _next(events, "job")
        next_event = asyncio.ensure_future(anext(events))
        await asyncio.to_thread(wait_until, lambda: store.tried > 2, "it is tried again")
        store.away = False
        assert (await next_event).data["text"] == "one\n"
        if not ended:
            teller.finish()
        assert (await _next(events, "end")).data["status"] == "completed"

    _run(test)


@pytest.mark.parametrize("name", ODD)
def test_odd_output_is_told_whole_while_it_comes(redis_context: Context, name: str) -> None:
    job_id = make_odd_job(redis_context, ODD[name])

    async def test() -> None:
        told = asyncio.create_task(_text(follow(redis_context, job_id, None, 0)))
        await asyncio.to_thread(run_odd_job, redis_context)
        log = read_log(redis_context.store, job_id, 1, 0, 1 << 30)
        assert framed(log, ODD[name])
        assert await told == log.decode(errors="replace")

    _run(test)


def test_a_character_in_two_pieces_is_told_once_it_is_whole(
    redis_context: Context, tmp_path: Path
) -> None:
    job_id = make_job(redis_context.database)
    claim = claim_job(redis_context.database, job_id)
    live = LiveStream(redis_context.broker.redis)
    path = tmp_path / "log"
    writer = LogWriter(path, 1 << 20, 1, Shipper(path, claim, redis_context.store, live))

    def is_stored() -> bool:
        return log_size(redis_context.store, job_id, 1) == path.stat().st_size

    async def test() -> None:
        events = follow(redis_context, job_id, None, 0)
        for begin, end in (("€".encode()[:2], "€".encode()[2:]), (b"a\xf0", "😀".encode()[1:])):
            writer.write(begin)
            await asyncio.to_thread(wait_until, is_stored, "it is stored")
            writer.write(end + b"\n")
        texts = ""
        while texts.count("\n") < 2:
            texts += (await _next(events, "log")).data["text"]
        assert texts == "€\na😀\n"

    try:
        _run(test)
    finally:
        writer.close()


def test_it_resumes_at_any_byte(teller: Teller) -> None:
    log = "aä€😀".encode() + b"\xff\xe2\x82\0" + "\u2028ü".encode() + b"\xf0\x9f"
    teller.say(log)
    teller.finish()

    async def test() -> None:
        for offset in range(len(log) + 1):
            text = await _text(_follow(teller, 1, offset))
            assert text == log[offset:].decode(errors="replace"), offset

    _run(test)


def test_who_reads_slowly_learns_of_the_end_before_reading_all(
    teller: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.follow.STATE_SECONDS", 0.0)

    async def test() -> None:
        store = teller.context.store
        for number in range(3):
            store.put(segment_key(teller.claim.job_id, 1, number), b"x" * SEGMENT)
        events = _follow(teller)
        await _next(events, "log")
        teller.finish()
        kinds, size = [], CHUNK
        async for event in events:
            kinds.append(event.kind)
            size += len(event.data.get("text", ""))
        assert size == 3 * SEGMENT
        assert kinds.index("job") < len(kinds) // 2 + 1

    _run(test)
