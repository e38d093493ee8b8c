"""Guessing is bounded, and nobody can keep an owner out."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app.accounts import guard
from app.accounts.guard import begin_try, count_bad_token, note_success
from app.core.clock import utcnow
from app.core.errors import TooManyError
from app.db.engine import Database
from app.models import Failures

HERE, THERE = "192.0.2.1", "198.51.100.9"


@pytest.fixture(autouse=True)
def _small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, most in (
        ("PAIR", 3),
        ("KNOWN_PAIR", 4),
        ("ADDRESS", 5),
        ("ACCOUNT", 7),
        ("TOKENS", 4),
    ):
        monkeypatch.setattr(guard, name, most)


def tries(begin: Callable[[], None]) -> int:
    """Return how many may fail before one is refused."""
    done = 0

    def go_on() -> None:
        nonlocal done
        while done < 100:
            begin()
            done += 1

    with pytest.raises(TooManyError) as refused:
        go_on()
    assert 0 < (refused.value.retry_after or 0) <= guard.WINDOW.total_seconds()
    assert str(refused.value.retry_after) in refused.value.detail
    return done


def log_in(database: Database, username: str, address: str) -> None:
    begin_try(database, username, address)
    with database.writing() as session:
        note_success(session, username, address)


def later(database: Database) -> None:
    with database.writing() as session:
        session.execute(update(Failures).values(until=utcnow() - timedelta(seconds=1)))


def test_an_account_from_one_address(database: Database) -> None:
    assert tries(lambda: begin_try(database, "ada", HERE)) == 3
    begin_try(database, "ada", THERE)  # its owner is elsewhere
    begin_try(database, "bob", HERE)
    later(database)
    assert tries(lambda: begin_try(database, "ada", HERE)) == 3


def test_many_accounts_from_one_address(database: Database) -> None:
    names = iter(range(100))
    assert tries(lambda: begin_try(database, f"user {next(names)}", HERE)) == 5
    begin_try(database, "ada", THERE)


def test_one_account_from_many_addresses(database: Database) -> None:
    log_in(database, "ada", HERE)
    numbers = iter(range(100))
    assert tries(lambda: begin_try(database, "ada", f"203.0.113.{next(numbers)}")) == 7
    begin_try(database, "ada", HERE)  # where its owner was lately
    begin_try(database, "bob", THERE)


def test_who_is_refused_is_not_kept_out_for_longer(database: Database) -> None:
    tries(lambda: begin_try(database, "ada", HERE))
    before = rows(database)
    assert tries(lambda: begin_try(database, "ada", HERE)) == 0
    assert rows(database) == before


def rows(database: Database) -> list[tuple[str, int, object]]:
    with database.reading() as session:
        found = session.scalars(select(Failures).order_by(Failures.key)).all()
        return [(row.key, row.count, row.until) for row in found]


def test_log_ins_that_are_right_count_nothing(database: Database) -> None:
    for _ in range(20):
        log_in(database, "ada", HERE)
    assert tries(lambda: begin_try(database, "ada", HERE)) == 4  # more, as it is a known place


def test_many_at_once_gain_nothing(database: Database) -> None:
    def attempt(_: int) -> bool:
        try:
            begin_try(database, "ada", HERE)
        except TooManyError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, range(18))) == 3


def test_tokens_that_are_nobodys(database: Database) -> None:
    assert tries(lambda: count_bad_token(database, HERE)) == 4
    count_bad_token(database, THERE)
    begin_try(database, "ada", HERE)


def test_what_is_old_is_removed(database: Database) -> None:
    for number in range(3):
        begin_try(database, f"user {number}", HERE)
    later(database)
    begin_try(database, "ada", THERE)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Failures)) == 3


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::2:3", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", HERE, True),
        ("192.0.2.2", HERE, False),
        ("testclient", "testclient", True),
        ("", "", True),
    ],
)
def test_what_counts_as_an_address(one: str, other: str, same: bool) -> None:
    assert (guard._net(one) == guard._net(other)) is same


def test_odd_names(database: Database) -> None:
    for name in ("\0", "\ud800", "ä" * 5000):
        begin_try(database, name, HERE)
