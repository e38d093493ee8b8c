"""What is told to collectors and to Sentry, and that who has neither pays for neither."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from structlog.contextvars import bound_contextvars

from app.cli.stack import BACKEND
from app.core import tracing
from app.core.errors import NotFoundError
from app.core.logging import get_logger, setup_logging
from app.core.sentry import end_sentry, setup_sentry
from app.core.settings import Settings
from app.core.tracing import PastSpan, end_tracing, record, setup_tracing, span
from app.jobs.patience import is_outage
from tests.system.peers import Collector, Sentry, collector, sentry

SECRET = "module of_a_customer"
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
log = get_logger(__name__)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that this process sends to when it ends to trace."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr("app.core.spans.LAST_SECONDS", 60.0)
    with collector() as found:
        settings = Settings(otlp_endpoint=found.url, otlp_headers=SecretStr("x-key=a%20secret"))
        setup_tracing(settings, "test")
        yield found
        end_tracing()


@pytest.mark.parametrize("given", ["nothing", "00-0-0-01", PARENT.replace("4bf9", "WXYZ"), "é"])
def test_a_malformed_parent_is_none(taken: Collector, given: str) -> None:
    with span("request", given, serving=True):
        inner = tracing.traceparent()
    end_tracing()
    (found,) = taken.spans()
    assert (found.parent, inner) == ("", f"00-{found.trace}-{found.id}-03")
    assert taken.peer.requests[0].headers["x-key"] == "a secret"


def test_of_an_error_the_kind_alone(taken: Collector) -> None:
    with pytest.raises(ValueError, match=SECRET), span("submit"):
        raise ValueError(SECRET)
    end_tracing()
    assert taken.spans()[0].attributes == {"error.type": "ValueError"}
    assert SECRET.encode() not in taken.peer.requests[0].body


def test_what_is_over_has_the_times_that_it_had(taken: Collector) -> None:
    moments = [datetime.fromtimestamp(1000 + second, UTC) for second in range(4)]
    step = PastSpan("step", moments[1], moments[2], failed=True)
    record(PastSpan("attempt", moments[0], moments[3], {"number": 1}, parts=(step,)), PARENT)
    end_tracing()
    attempt, part = taken.spans()
    assert (attempt.trace, attempt.parent) == tuple(PARENT.split("-")[1:3])
    assert (part.trace, part.parent, part.failed) == (attempt.trace, attempt.id, True)
    seconds = [at / 1e9 for at in (attempt.began, part.began, part.ended, attempt.ended)]
    assert seconds == [1000, 1001, 1002, 1003]


def test_who_asks_for_neither_imports_neither() -> None:
    look = "import sys, main, app.workers.tasks, app.workers.upkeep; print(*sys.modules)"
    asked = [sys.executable, "-c", look]
    done = subprocess.run(asked, cwd=BACKEND, capture_output=True, text=True, check=True)
    known = set(done.stdout.split())
    assert "app.core.tracing" in known
    assert not known & {
        "opentelemetry.sdk.trace",
        "google.protobuf",
        "sentry_sdk",
        "app.core.spans",
    }


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sentry]:
    """A Sentry that is told of this process's faults."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr("app.core.sentry.LAST_SECONDS", 60.0)
    setup_logging(Settings())
    with sentry() as found:
        settings = Settings(sentry_dsn=SecretStr(found.dsn), sentry_environment="tests")
        setup_sentry(settings, "test", is_outage)
        yield found
        _forget_sentry()
    setup_logging(Settings())


def _forget_sentry() -> None:
    import sentry_sdk  # noqa: PLC0415 - it is there once it was set up

    sentry_sdk.init()


def _fail(error: Callable[[str], Exception]) -> None:
    try:
        _raise(error, SECRET)
    except Exception:  # as our code tells of what it did not expect
        log.exception("work failed", config=SECRET)


def _raise(error: Callable[[str], Exception], design: str) -> None:
    raise error(design)


def test_a_fault_is_told_with_ids_and_nothing_of_the_users(told: Sentry) -> None:
    with bound_contextvars(job=7, attempt=2, user=3, request="r", config=SECRET):
        _fail(RuntimeError)
    end_sentry()
    (event,) = told.events()
    assert event["tags"] == {
        "part": "test",
        "job": "7",
        "attempt": "2",
        "user": "3",
        "request": "r",
    }
    assert event["user"] == {"id": "3"}
    assert event["environment"] == "tests"
    (error,) = event["exception"]["values"]
    assert error["type"] == "RuntimeError"
    assert error["stacktrace"]["frames"][-1]["function"] == "_raise"
    assert SECRET.encode() not in b"".join(one.body for one in told.peer.requests)


def test_users_errors_and_outages_are_not_told(told: Sentry) -> None:
    _fail(NotFoundError)
    _fail(TimeoutError)
    log.error("no traceback", config=SECRET)
    end_sentry()
    assert told.events() == []


def test_the_same_fault_again_and_again_is_told_once(told: Sentry) -> None:
    for _ in range(5):
        _fail(RuntimeError)
    _fail(KeyError)
    end_sentry()
    kinds = [event["exception"]["values"][0]["type"] for event in told.events()]
    assert kinds == ["RuntimeError", "KeyError"]


def test_a_dsn_that_is_none_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    setup_logging(Settings())
    setup_sentry(Settings(sentry_dsn=SecretStr("no dsn")), "test", is_outage)
    assert "SENTRY_DSN is none" in capsys.readouterr().err
