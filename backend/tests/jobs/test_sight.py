"""Sight of the database."""

from datetime import timedelta

import pytest

from app.core.clock import utcnow
from app.jobs.context import Context
from app.jobs.sight import Sight


def test_after_a_gap_leases_are_not_judged_at_once(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database was away, did not answer, or the machine slept: nothing raised."""
    now = utcnow()
    times = iter([now, now + timedelta(seconds=31), now + timedelta(seconds=32)])
    sight = Sight(lease_seconds=30, gap_seconds=25)
    monkeypatch.setattr("app.jobs.sight.database_now", lambda _: next(times))
    assert [sight.lasts(context.database) for _ in range(3)] == [False, False, False]


def test_after_a_lease_in_sight_leases_are_judged(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = utcnow()
    times = iter(now + timedelta(seconds=10 * count) for count in range(4))
    sight = Sight(lease_seconds=30, gap_seconds=25)
    monkeypatch.setattr("app.jobs.sight.database_now", lambda _: next(times))
    assert [sight.lasts(context.database) for _ in range(4)] == [False, False, False, True]
