"""The part of `doctor` that looks at a stack: what runs, store, Redis, workers."""

import http.client
import uuid
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from app.cli.doctor_database import look_at_database
from app.cli.doctor_redis import look_at_redis
from app.cli.finding import Finding, attempt, fail
from app.core.clock import utcnow
from app.core.settings import Settings
from app.db.engine import Database
from app.jobs.named import lost_trees, named_digests
from app.storage.store import make_store
from app.workers.checks import (
    check_connection,
    check_limits,
    check_queues,
    check_tasks,
    check_workers,
)

#: How far the store's clock may be from this machine's, in seconds: what is swept is told by both,
#: and S3 refuses requests beyond a quarter of an hour.
STORE_SKEW_SECONDS = 60.0
_ANSWER_SECONDS = 5.0


def look_at_parts(description: dict[str, Any]) -> Iterator[Finding]:
    """Say whether the ports of the stack that runs here answer."""
    for name, url, path in (
        ("API", description["url"], "/health/ready"),
        ("Flower", description["flower"], "/healthcheck"),
    ):
        advice = f"Look into {description['logs']}."
        yield attempt(name, partial(_answers, url, path), advice)


def look_at_stack(settings: Settings) -> Iterator[Finding]:
    """Look at all that a stack needs, wherever it is."""
    yield from look_at_database(settings)
    store = look_at_store(settings)
    yield store
    if store.well:
        yield _trees(settings)
    connection = check_connection(settings)
    yield Finding("broker", connection.well, connection.lines[0], connection.advice)
    if connection.well:
        yield from look_at_redis(settings)
        yield from _workers(settings)


def look_at_store(settings: Settings) -> Finding:
    """Write, read and remove an object."""
    advice = "Check A6HUB_STORE_URL, the S3_* settings, SSL_CERT_FILE, permissions and clocks."
    return attempt("store", partial(_use_store, settings), advice)


def _use_store(settings: Settings) -> str:
    store, key = make_store(settings), f"health/doctor-{uuid.uuid4().hex}"
    store.put(key, b"ok")
    now, written = utcnow(), store.written(key)
    if written is None or store.get(key) != b"ok":
        fail("what was written cannot be read")
    elif abs((now - written).total_seconds()) > STORE_SKEW_SECONDS:
        fail(f"its clock is {abs((now - written).total_seconds()):.0f} s from this machine's")
    store.delete(key)
    if store.exists(key):
        fail("what was removed is still there")
    return "can be written, read and removed from"


def _trees(settings: Settings) -> Finding:
    """Say whether the store has what revisions and kept steps are made of."""

    def check() -> str:
        database = Database(settings.database)
        with database.reading() as session:
            named = named_digests(session).trees
        database.close()
        if lost := lost_trees(make_store(settings), named):
            fail(f"{len(lost)} of {len(named)} trees are lost: {', '.join(lost[:5])}")
        return f"all {len(named)} there"

    return attempt("trees", check, "Restore the store from a backup: docs/operate.md.")


def _workers(settings: Settings) -> Iterator[Finding]:
    for name, check in (
        ("workers", check_workers),
        ("queues", check_queues),
        ("tasks", check_tasks),
        ("time limits", check_limits),
    ):
        found = check(settings)
        words = [found.lines[0], *(f"    {line}" for line in found.lines[1:])]
        yield Finding(name, found.well, "\n".join(words), found.advice)


def _answers(url: str, path: str) -> str:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    finally:
        connection.close()
    if status != http.HTTPStatus.OK:
        fail(f"answers {status} at {url}{path}")
    return f"answers at {url}"
