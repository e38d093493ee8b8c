"""The relay against a real Redis, with and without its data, and away."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from app.core.clock import utcnow
from app.jobs.context import Context
from app.jobs.outbox import publish, relay
from app.models import OutboxMessage
from tests.jobs.factories import claim_job, job_of, make_job

pytestmark = pytest.mark.system


def _relay(context: Context) -> int:
    return relay(context.database, context.broker, republish_seconds=900)


def _age(context: Context, seconds: float) -> None:
    """Make all sent messages `seconds` old."""
    with context.database.writing() as session:
        session.execute(
            update(OutboxMessage).values(published_at=utcnow() - timedelta(seconds=seconds))
        )


def test_a_message_is_on_the_queue_once(redis_context: Context) -> None:
    job_id = make_job(redis_context.database)
    assert publish(redis_context.database, redis_context.broker, job_id, "simulation")
    assert _relay(redis_context) == 0
    assert redis_context.broker.waiting("simulation") == 1
    assert job_of(redis_context.database, job_id).celery_task_id


def test_a_job_that_was_never_sent_is_sent(redis_context: Context) -> None:
    make_job(redis_context.database)
    assert _relay(redis_context) == 1
    assert _relay(redis_context) == 0


def test_a_wiped_broker_gets_all_messages_again_once(redis_context: Context) -> None:
    for _ in range(3):
        make_job(redis_context.database)
    assert _relay(redis_context) == 3
    redis_context.broker.redis.flushall()
    assert _relay(redis_context) == 3
    assert _relay(redis_context) == 0
    assert redis_context.broker.waiting("simulation") == 3


def test_a_message_lost_on_the_way_is_sent_again(redis_context: Context) -> None:
    make_job(redis_context.database)
    _relay(redis_context)
    redis_context.broker.redis.delete("simulation")
    assert _relay(redis_context) == 0  # it may be on its way
    _age(redis_context, 20)
    assert _relay(redis_context) == 1


def test_a_long_queue_does_not_grow_by_being_waited_in(redis_context: Context) -> None:
    for _ in range(3):
        make_job(redis_context.database)
    _relay(redis_context)
    _age(redis_context, 600)
    assert _relay(redis_context) == 0
    _age(redis_context, 1000)
    assert _relay(redis_context) == 3


def test_a_claimed_job_is_not_sent(redis_context: Context) -> None:
    job_id = make_job(redis_context.database)
    claim_job(redis_context.database, job_id)
    assert _relay(redis_context) == 0


def test_without_a_broker_nothing_is_lost(context: Context) -> None:
    """The plain context's broker is an address where nobody listens."""
    job_id = make_job(context.database)
    assert not publish(context.database, context.broker, job_id, "simulation")
    assert _relay(context) == 0
    with context.database.reading() as session:
        message = session.get_one(OutboxMessage, job_id)
    assert message.published_at is None
