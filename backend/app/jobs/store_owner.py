"""Whose store it is: no sweep may take for nobody's what another a6hub's database names.

The store holds the name of one database, which keeps it in a row. So a store that two a6hubs share,
and a database that is not the one that was meant, are told from the usual.
"""

import uuid

from app.core.errors import ConflictError
from app.db.clock import database_now
from app.db.engine import Database
from app.models import UpkeepLease
from app.storage.store import Store

KEY = "sweep/owner"
_ROW = "store"
_FOREIGN = (
    "The store belongs to another a6hub's database, or this database is not the one that it had; "
    f"nothing is removed. If the other one is no more, remove the object {KEY} from the store."
)


class ForeignStoreError(ConflictError):
    """The store is not this database's; the text says what to do."""


def check_owner(database: Database, store: Store) -> None:
    """Raise ForeignStoreError if the store is another's; one that is nobody's becomes ours."""
    name = _own_name(database)
    try:
        owner = store.get(KEY).decode()
    except FileNotFoundError:
        store.put(KEY, name.encode())
        return
    if owner != name:
        raise ForeignStoreError(_FOREIGN)


def _own_name(database: Database) -> str:
    with database.writing() as session:
        row = session.get(UpkeepLease, _ROW)
        if row is None:
            row = UpkeepLease(duty=_ROW, holder=uuid.uuid4().hex, until=database_now(session))
            session.add(row)
        return row.holder
