"""The relay against a real Redis, with and without its data, and away."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.core.clock import utcnow
from app.jobs.broker import Broker
from app.jobs.context import Context
from app.jobs.outbox import Outgoing, admit
from app.jobs.outcomes import Ending
from app.jobs.patience import outages_met
from app.jobs.relay import relay
from app.jobs.states import finish
from app.models import JobStatus, OutboxMessage
from tests.jobs.factories import claim_job, job_of, make_job, make_user

pytestmark = pytest.mark.system


def _age(context: Context, seconds: float) -> None:
    """Make all sent messages `seconds` old."""
    with context.database.writing() as session:
        session.execute(
            update(OutboxMessage).values(published_at=utcnow() - timedelta(seconds=seconds))
        )


def send(context: Context, job_id: int) -> int:
    """Send the messages of the job's user, as who submits does."""
    outgoing = Outgoing(context, "simulation", job_of(context.database, job_id).user_id)
    with context.database.writing() as session:
        outgoing.note(session)
    return outgoing.send()


def test_a_message_is_on_the_queue_once(redis_context: Context) -> None:
    job_id = make_job(redis_context.database)
    assert send(redis_context, job_id) == 1
    assert relay(redis_context) == 0
    assert redis_context.broker.waiting("simulation") == 1


def test_a_job_that_was_never_sent_is_sent(redis_context: Context) -> None:
    make_job(redis_context.database)
    assert relay(redis_context) == 1
    assert relay(redis_context) == 0


def test_a_wiped_broker_gets_all_messages_again_once(redis_context: Context) -> None:
    for _ in range(3):
        make_job(redis_context.database)
    assert relay(redis_context) == 3
    redis_context.broker.redis.flushall()
    # Another process, or this one a second later.
    other = replace(redis_context, broker=Broker(redis_context.settings))
    assert relay(other) == 3
    assert relay(other) == 0
    assert redis_context.broker.waiting("simulation") == 3


def test_a_message_lost_on_the_way_is_sent_again(
    redis_context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.relay.IN_FLIGHT_SECONDS", 300)
    make_job(redis_context.database)
    relay(redis_context)
    redis_context.broker.redis.delete("simulation")
    assert relay(redis_context) == 0  # it may be on its way
    _age(redis_context, 400)
    assert relay(redis_context) == 1


def test_a_long_queue_does_not_grow_by_being_waited_in(redis_context: Context) -> None:
    for _ in range(3):
        make_job(redis_context.database)
    relay(redis_context)
    _age(redis_context, 600)
    assert relay(redis_context) == 0
    _age(redis_context, 1000)
    assert relay(redis_context) == 3


def test_a_claimed_job_is_not_sent(redis_context: Context) -> None:
    job_id = make_job(redis_context.database)
    claim_job(redis_context.database, job_id)
    assert relay(redis_context) == 0


def test_without_a_broker_nothing_is_lost(context: Context) -> None:
    """The plain context's broker is an address where nobody listens."""
    job_id = make_job(context.database)
    assert send(context, job_id) == 0
    before = outages_met["redis"]
    assert relay(context) == 0
    assert outages_met["redis"] == before + 1  # of which an alert tells
    with context.database.reading() as session:
        message = session.get_one(OutboxMessage, job_id)
    assert message.published_at is None


def test_a_message_that_was_noted_but_cannot_be_sent_is_sent_later(
    redis_context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = make_job(redis_context.database)

    def fail(*_: object) -> str:
        raise ConnectionError("injected")

    with monkeypatch.context() as patch:
        patch.setattr(redis_context.broker, "send", fail)
        assert send(redis_context, job_id) == 0
    assert relay(redis_context) == 1


def test_a_message_that_two_would_send_is_sent_by_one(redis_context: Context) -> None:
    job_id = make_job(redis_context.database)
    assert [send(redis_context, job_id) for _ in range(2)] == [1, 0]


def test_a_user_has_no_more_messages_than_jobs_that_may_run(redis_context: Context) -> None:
    limit = redis_context.settings.max_running_jobs_per_user
    user = make_user(redis_context.database)
    jobs = [make_job(redis_context.database, user=user) for _ in range(limit + 5)]
    assert relay(redis_context) == limit
    claim_job(redis_context.database, jobs[0])
    assert relay(redis_context) == 0


def test_the_end_of_a_job_makes_room_for_one_message(redis_context: Context) -> None:
    database, limit = redis_context.database, redis_context.settings.max_running_jobs_per_user
    user = make_user(database)
    jobs = [make_job(database, user=user) for _ in range(limit + 5)]
    relay(redis_context)
    mine = claim_job(database, jobs[0])
    with database.writing() as session:
        assert finish(session, mine, Ending(JobStatus.COMPLETED, "Done."))
    assert admit(redis_context, "simulation", user.id) == 1
    assert admit(redis_context, "simulation", user.id) == 0
    assert redis_context.broker.waiting("simulation") == limit + 1
