"""What is away while an attempt goes on is waited for."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.db.engine import Database
from app.executors.base import Command, Exit, OutputSink
from app.executors.ending import not_started
from app.executors.scripted import ScriptedExecutor
from app.jobs.context import Context
from app.models import Artifact
from app.storage.store import Store
from app.toolchains.base import Earlier
from tests.jobs.doubles import ScriptedRun, ScriptedToolchain
from tests.jobs.factories import attempts_of
from tests.jobs.scripted_worker import Worker


class FlakyDatabase(Database):
    """Is away for the first calls."""

    def __init__(self, database: Database, failures: int) -> None:
        self.engine, self._writing = database.engine, database._writing
        self.failures = failures

    @contextmanager
    def writing(self) -> Iterator[Session]:
        self.failures -= 1
        if self.failures >= 0:
            raise OperationalError("injected", {}, Exception("injected"))
        with super().writing() as session:
            yield session


def test_a_database_that_is_away_when_a_message_comes_is_waited_for(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.patience.RETRY_SECONDS", 0.01)
    flaky = replace(context, database=FlakyDatabase(context.database, failures=3))
    assert Worker(flaky, ScriptedExecutor(), job_in=context).run() == "completed"


class FlakyStore(Store):
    """Fails its first calls as a store does that is away."""

    def __init__(self, store: Store, failures: int) -> None:
        super().__init__(store._backend)
        self.failures = failures

    def put_open_file(self, key: str, file: Any) -> None:
        self._maybe_fail()
        super().put_open_file(key, file)

    def get(self, key: str) -> bytes:
        self._maybe_fail()
        return super().get(key)

    def _maybe_fail(self) -> None:
        self.failures -= 1
        if self.failures >= 0:
            raise ConnectionError("injected")


def test_a_store_that_is_away_is_waited_for(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.patience.RETRY_SECONDS", 0.01)
    flaky = replace(context, store=FlakyStore(context.store, failures=3))
    worker = Worker(flaky, ScriptedExecutor())
    assert worker.run() == "completed"
    assert [a.name for a in worker.rows(Artifact)] == ["made.txt"]


class _Away(ScriptedExecutor):
    """Is away three times."""

    faults = 3

    def run(self, command: Command, output: OutputSink, stop: threading.Event) -> Exit:
        if self.faults:
            self.faults -= 1
            return not_started("The engine does not answer.", is_outage=True)
        return super().run(command, output, stop)


def test_an_engine_that_is_away_is_waited_for(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.patience.RETRY_SECONDS", 0.01)
    executor = _Away()
    worker = Worker(context, executor)
    assert worker.run() == "completed"
    assert executor.faults == 0
    assert [one.outcome for one in attempts_of(context.database, worker.job_id)] == ["completed"]


class _ToldLate(ScriptedToolchain):
    """Cannot ask twice what it has."""

    faults = 2

    def prepare(
        self, config: Mapping[str, Any], workdir: Path, earlier: Earlier | None = None
    ) -> ScriptedRun:
        if self.faults:
            self.faults -= 1
            raise ConnectionError("The engine does not answer.")
        return super().prepare(config, workdir, earlier)


def test_what_is_away_while_a_job_is_prepared_is_waited_for(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.patience.RETRY_SECONDS", 0.01)
    toolchain = _ToldLate()
    worker = Worker(context, ScriptedExecutor(), toolchain)
    assert worker.run() == "completed"
    assert toolchain.faults == 0
