"""A job's log over HTTP, whatever the tool has printed."""

import random

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.cli.events import read_events
from app.jobs.context import Context
from app.jobs.logs import SEGMENT, read_log
from app.models import User
from tests.jobs.factories import job_of
from tests.jobs.odd import ODD, framed, make_odd_job, run_odd_job

EVERYTHING = b"\n".join(ODD.values())


@pytest.fixture
def odd_job(client: TestClient, context: Context) -> int:
    """A job of Ada's that has printed all that is odd."""
    with context.database.reading() as session:
        ada = session.scalars(select(User).where(User.username == "ada")).one()
    job_id = make_odd_job(context, EVERYTHING, ada)
    run_odd_job(context)
    return job_id


@pytest.fixture
def log(context: Context, odd_job: int) -> bytes:
    return read_log(context.store, odd_job, 1, 0, 1 << 30)


def _told(client: TestClient, job_id: int, place: str | None = None) -> tuple[str, str]:
    """Return the text of the log events and the last one's id."""
    headers = {} if place is None else {"Last-Event-ID": place}
    text, last = [], ""
    with client.stream("GET", f"/api/v1/jobs/{job_id}/log/follow", headers=headers) as answer:
        for kind, data, event_id in read_events(answer.iter_bytes()):
            if kind == "log":
                text.append(data["text"])
                last = event_id
    return "".join(text), last


def test_odd_output_is_read_byte_for_byte(client: TestClient, odd_job: int, log: bytes) -> None:
    answer = client.get(f"/api/v1/jobs/{odd_job}/log")
    assert framed(answer.content, EVERYTHING)
    assert answer.content == log
    assert int(answer.headers["x-next-offset"]) == len(log)
    dice = random.Random(1)
    offsets = [
        SEGMENT - 1,
        SEGMENT,
        len(log),
        len(log) + 9,
        2**62,
        *dice.choices(range(len(log)), k=20),
    ]
    for offset in offsets:
        limit = dice.randint(1, 3 * SEGMENT)
        answer = client.get(
            f"/api/v1/jobs/{odd_job}/log", params={"offset": offset, "limit": limit}
        )
        assert answer.content == log[offset : offset + limit]
        assert int(answer.headers["x-next-offset"]) == offset + len(answer.content)


def test_odd_output_is_followed(client: TestClient, odd_job: int, log: bytes) -> None:
    assert _told(client, odd_job) == (log.decode(errors="replace"), f"1:{len(log)}")


def test_odd_output_is_followed_from_anywhere(client: TestClient, odd_job: int, log: bytes) -> None:
    wide = log.index("😀€ä".encode())
    dice = random.Random(2)
    begin = log.index(ODD["no UTF-8"])
    offsets = [*range(wide, wide + 10), *dice.choices(range(begin, len(log)), k=10)]
    for offset in offsets:
        text, _ = _told(client, odd_job, f"1:{offset}")
        assert text == log[offset:].decode(errors="replace"), offset


def test_the_status_tells_the_newest_of_odd_output(
    client: TestClient, context: Context, odd_job: int, log: bytes
) -> None:
    project = job_of(context.database, odd_job).project_id
    status = client.get(f"/api/v1/simulations/{project}/simulation/status").json()
    assert status["logs"] == log[-(64 << 10) :].decode(errors="replace")
