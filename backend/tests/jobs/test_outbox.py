"""The relay against a real Redis, with and without its data, and away."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.core.clock import utcnow
from app.jobs.context import Context
from app.jobs.outbox import publish, relay
from app.models import OutboxMessage
from tests.jobs.factories import claim_job, job_of, make_job

pytestmark = pytest.mark.system


@pytest.fixture
def broker_context(redis_context: Context) -> Iterator[Context]:
    redis_context.broker.redis.flushall()
    yield redis_context


def _relay(context: Context) -> int:
    return relay(context.database, context.broker, republish_seconds=900)


def _age(context: Context, seconds: float) -> None:
    """Make all sent messages `seconds` old."""
    with context.database.writing() as session:
        session.execute(
            update(OutboxMessage).values(published_at=utcnow() - timedelta(seconds=seconds))
        )


def test_a_message_is_on_the_queue_once(broker_context: Context) -> None:
    job_id = make_job(broker_context.database)
    assert publish(broker_context.database, broker_context.broker, job_id, "simulation")
    assert _relay(broker_context) == 0
    assert broker_context.broker.waiting("simulation") == 1
    assert job_of(broker_context.database, job_id).celery_task_id


def test_a_job_that_was_never_sent_is_sent(broker_context: Context) -> None:
    make_job(broker_context.database)
    assert _relay(broker_context) == 1
    assert _relay(broker_context) == 0


def test_a_wiped_broker_gets_all_messages_again_once(broker_context: Context) -> None:
    for _ in range(3):
        make_job(broker_context.database)
    assert _relay(broker_context) == 3
    broker_context.broker.redis.flushall()
    assert _relay(broker_context) == 3
    assert _relay(broker_context) == 0
    assert broker_context.broker.waiting("simulation") == 3


def test_a_message_lost_on_the_way_is_sent_again(broker_context: Context) -> None:
    make_job(broker_context.database)
    _relay(broker_context)
    broker_context.broker.redis.delete("simulation")
    assert _relay(broker_context) == 0  # it may be on its way
    _age(broker_context, 20)
    assert _relay(broker_context) == 1


def test_a_long_queue_does_not_grow_by_being_waited_in(broker_context: Context) -> None:
    for _ in range(3):
        make_job(broker_context.database)
    _relay(broker_context)
    _age(broker_context, 600)
    assert _relay(broker_context) == 0
    _age(broker_context, 1000)
    assert _relay(broker_context) == 3


def test_a_claimed_job_is_not_sent(broker_context: Context) -> None:
    job_id = make_job(broker_context.database)
    claim_job(broker_context.database, job_id)
    assert _relay(broker_context) == 0


def test_without_a_broker_nothing_is_lost(context: Context) -> None:
    """The plain context's broker is an address where nobody listens."""
    job_id = make_job(context.database)
    assert not publish(context.database, context.broker, job_id, "simulation")
    assert _relay(context) == 0
    with context.database.reading() as session:
        message = session.get_one(OutboxMessage, job_id)
    assert message.published_at is None
