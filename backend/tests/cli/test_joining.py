"""Which stack a command speaks to: the one that runs here, or one that the environment names."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.joining import _BROKER, names_a_stack, running_here, settings_of
from app.cli.running import only_one
from app.cli.stack import PLACES, Stack

ELSEWHERE = "postgresql+psycopg://a6hub@db/a6hub"


@pytest.fixture(autouse=True)
def _nothing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*PLACES, *_BROKER):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """One that was started with what the environment says now, as far as others can see."""
    with only_one(tmp_path):
        yield Stack(tmp_path)


def test_who_names_nothing_joins_the_one_that_runs_here(stack: Stack) -> None:
    stack.write_description({}, ready=True)
    found = running_here(stack.data)
    assert found is not None
    assert settings_of(found)["CELERY_BROKER_URL"] == stack.redis_url
    assert not names_a_stack()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("A6HUB_DATABASE_URL", ELSEWHERE),
        ("A6HUB_STORE_URL", "s3://a6hub"),
        ("REDIS_HOST", "redis"),
        ("REDIS_SENTINELS", "sentinel:26379"),
    ],
)
def test_who_names_a_part_of_another_one_does_not(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    stack.write_description({}, ready=True)
    monkeypatch.setenv(name, value)
    assert running_here(stack.data) is None
    assert names_a_stack()


def test_a_stack_that_was_started_with_a_database_elsewhere_is_joined_with_that(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A6HUB_DATABASE_URL", ELSEWHERE)
    stack.write_description({}, ready=True)
    assert running_here(stack.data) is not None
    monkeypatch.delenv("A6HUB_DATABASE_URL")
    found = running_here(stack.data)
    assert found is not None
    assert settings_of(found)["A6HUB_DATABASE_URL"] == ELSEWHERE
