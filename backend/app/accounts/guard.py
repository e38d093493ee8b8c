"""Bounds on guessing: how many log-ins, and access tokens that are nobody's, may fail.

Failures are counted for a while from the first on, in the database, so that all API processes
count together and Redis is not needed. A try is counted before its password is looked at, so many
at once gain nothing, and one that is right takes its own count back. What is over a bound is told
when to come again and counts nothing, so nobody is kept out for longer than WINDOW.

A single address cannot lock an owner out elsewhere: it meets the bound of its own pair. Many
addresses together meet the account's bound, which does not hold where its owner has lately been;
there many scripts may log in at once, too.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from typing import Any

from sqlalchemy import case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.core.errors import TooManyError
from app.core.logging import get_logger
from app.db.clock import database_now
from app.db.engine import Database
from app.models import Failures

log = get_logger(__name__)

#: For how long failures count.
WINDOW = timedelta(minutes=5)
#: How many may fail in it: of one account from one address, of an address, and of an account.
PAIR, ADDRESS, ACCOUNT = 10, 100, 200
#: How many of one account from an address at which its owner has lately been.
KNOWN_PAIR = 50
#: How many requests of an address may bring a token that is nobody's.
TOKENS = 300
#: For how long an address is known from which somebody has logged in.
KNOWN = timedelta(days=30)

#: Both know ON CONFLICT, which SQLAlchemy has of each database alone.
_INSERT: dict[str, Callable[[type[Failures]], Any]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


@dataclass(frozen=True)
class _Bound:
    """How many may fail under a key."""

    key: str
    most: int


def begin_try(database: Database, username: str, address: str) -> None:
    """Count a log-in that is tried; TooManyError when too many have failed."""
    with database.reading() as session:  # who is over a bound costs no more than this look
        bounds = _bounds(username, address, known=_is_known(session, username, address))
        for bound in bounds:
            _refuse(session, bound)
    _forget(database)
    with database.writing() as session:
        for bound in bounds:
            _count(session, bound)


def note_success(session: Session, username: str, address: str) -> None:
    """Forget the pair's failures, take the try back elsewhere, and note where its user is."""
    pair, *others = _bounds(username, address, known=False)
    session.execute(delete(Failures).where(Failures.key == pair.key))
    for one in others:
        less = update(Failures).where(Failures.key == one.key, Failures.count > 0)
        session.execute(less.values(count=Failures.count - 1))
    known = Failures(key=_known(username, address), count=0, until=database_now(session) + KNOWN)
    session.merge(known)


def count_bad_token(database: Database, address: str) -> None:
    """Count a token that is nobody's; TooManyError when there were too many from the address."""
    bound = _Bound(_key("tokens", _net(address)), TOKENS)
    with database.reading() as session:
        _refuse(session, bound)
    _forget(database)
    with database.writing() as session:
        _count(session, bound)


def _bounds(username: str, address: str, *, known: bool) -> list[_Bound]:
    net = _net(address)
    bounds = [  # always in this order, in which their rows are locked
        _Bound(_key("pair", username, net), KNOWN_PAIR if known else PAIR),
        _Bound(_key("address", net), ADDRESS),
    ]
    return bounds if known else [*bounds, _Bound(_key("account", username), ACCOUNT)]


def _known(username: str, address: str) -> str:
    return _key("known", username, _net(address))


def _is_known(session: Session, username: str, address: str) -> bool:
    row = session.get(Failures, _known(username, address))
    return row is not None and row.until > database_now(session)


def _refuse(session: Session, bound: _Bound) -> None:
    row = session.get(Failures, bound.key)
    now = database_now(session)
    if row is not None and row.until > now and row.count >= bound.most:
        _raise(row.until - now)


def _count(session: Session, bound: _Bound) -> None:
    """Add one, from none when the last ones are forgotten; over the bound nothing is added."""
    now = database_now(session)
    fresh = {"count": 1, "until": now + WINDOW}
    is_old = Failures.until < now
    insert = _INSERT[session.get_bind().dialect.name](Failures).values(key=bound.key, **fresh)
    changed = {
        "count": case((is_old, 1), else_=Failures.count + 1),
        "until": case((is_old, fresh["until"]), else_=Failures.until),
    }
    added = insert.on_conflict_do_update(index_elements=["key"], set_=changed)
    count, until = session.execute(added.returning(Failures.count, Failures.until)).one()
    if count > bound.most:
        _raise(until - now)  # which undoes the transaction


def _forget(database: Database) -> None:
    """Remove what is old, but for what somebody is at: waiting for each other would be for ever."""
    with database.writing() as session:
        old = select(Failures.key).where(Failures.until < database_now(session))
        session.execute(
            delete(Failures)
            .where(Failures.key.in_(old.with_for_update(skip_locked=True)))
            .execution_options(synchronize_session=False)
        )


def _raise(left: timedelta) -> None:
    seconds = max(1, ceil(left.total_seconds()))
    log.warning("too many log-ins have failed", seconds=seconds)
    raise TooManyError(f"Too many log-ins have failed; try again in {seconds} s.", seconds)


def _key(*words: str) -> str:
    return sha256(json.dumps(words).encode()).hexdigest()


def _net(address: str) -> str:
    """Return what an address counts as: IPv6 by its network, of which one host has all."""
    try:
        found = ip_address(address)
    except ValueError:  # a socket's peer has none
        return address
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found
    prefix = 64 if isinstance(found, IPv6Address) else 32
    return str(ip_network((found, prefix), strict=False))
