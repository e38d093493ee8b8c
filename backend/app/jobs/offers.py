"""What workers can build with, told over the database and the store.

A worker's LibreLane need not be on the API's machine. So each worker puts its catalog into the
store, under the digest of its text, and its upkeep keeps a row of what it offers fresh.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.logging import get_logger
from app.db.clock import database_now
from app.jobs.context import Context
from app.models import WorkerOffer
from app.storage.store import Store
from app.toolchains.librelane.catalog import Catalog, load_catalog
from app.toolchains.librelane.offer import Offer, Offered, facts_to_offer

log = get_logger(__name__)

#: Jobs may wait so long for a worker that offers it again.
FORGOTTEN_AFTER = timedelta(days=7)
#: One that was told so lately is there.
_LIVE = timedelta(seconds=60)
#: Facts of offers, by digest.
Facts = Mapping[str, dict[str, Any]]


def publish(store: Store, offer: Offer, catalog: bytes) -> Facts:
    """Put a catalog into the store, and return what note_offers() takes."""
    if not store.exists(_key(offer.catalog)):
        store.put(_key(offer.catalog), catalog)
    facts = offer.facts()
    return {sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest(): facts}


def note_offers(session: Session, offers: Facts, now: datetime) -> None:
    """Say that these are offered now."""
    session.execute(delete(WorkerOffer).where(WorkerOffer.seen_at < now - FORGOTTEN_AFTER))
    for digest, facts in offers.items():
        row = session.get(WorkerOffer, digest)
        if row is not None:
            row.seen_at = now
            continue
        try:
            with session.begin_nested():
                session.add(WorkerOffer(digest=digest, facts=facts, seen_at=now))
        except IntegrityError:  # another worker offers the same, and was the first to say so
            continue


def offered(context: Context, *, now: bool = False) -> list[Offered]:
    """Return what workers offer or did lately, the one told last first.

    `now`: only what is offered now, if there is any.
    """
    with context.database.reading() as session:
        rows = session.scalars(select(WorkerOffer).order_by(WorkerOffer.seen_at.desc())).all()
        since = database_now(session) - _LIVE
    live = [row for row in rows if row.seen_at > since] if now else []
    return [*_read(context.store, [(row.facts, row.seen_at > since) for row in live or rows])]


def _read(store: Store, told: Iterable[tuple[dict[str, Any], bool]]) -> Iterator[Offered]:
    for facts, is_there in told:
        try:
            offer = facts_to_offer(facts)
            yield Offered(offer, _catalog(store, offer.catalog), is_there)
        except (ValueError, FileNotFoundError) as error:  # of another release, or lost
            log.warning("offer left out", error=str(error))


@lru_cache(maxsize=16)
def _catalog(store: Store, digest: str) -> Catalog:
    return load_catalog(store.get(_key(digest)))


def catalog_lookups() -> dict[str, int]:
    """Return how often this process had a catalog in its memory, and how often not."""
    asked = _catalog.cache_info()
    return {"hit": asked.hits, "miss": asked.misses}


def _key(digest: str) -> str:
    return f"catalogs/sha256/{digest[:2]}/{digest}"
