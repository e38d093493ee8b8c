"""Duties: one at a time has charge."""

from app.jobs.context import Context
from app.jobs.duties import Duty, elect


def test_one_at_a_time_is_elected(context: Context) -> None:
    assert elect(context.database, Duty.UPKEEP, "a", 30)
    assert elect(context.database, Duty.UPKEEP, "a", 30)
    assert not elect(context.database, Duty.UPKEEP, "b", 30)
    assert elect(context.database, Duty.SWEEP, "b", 30)


def test_a_dead_holder_is_followed_by_another(context: Context) -> None:
    assert elect(context.database, Duty.UPKEEP, "a", -1)
    assert elect(context.database, Duty.UPKEEP, "b", 30)
    assert not elect(context.database, Duty.UPKEEP, "a", 30)
