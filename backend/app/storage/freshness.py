"""How content that is kept by its digest is neither stored twice nor swept away too early.

Whoever keeps content that is there already writes nothing, unless it is older than FRESH: then it
is written again, and so has a new date. The sweep (`app.jobs.sweep`) removes only what is older
than GRACE and named by nobody. So between the moment at which somebody relies on content and the
moment at which it could be swept away lies the difference of the two, in which the row that names
it has long been committed.
"""

from collections import Counter
from datetime import timedelta

from app.core.clock import utcnow
from app.storage.store import Store

#: How often this process found content there already, and how often not.
lookups: Counter[str] = Counter()

FRESH = timedelta(days=1)
GRACE = 2 * FRESH


def is_kept(store: Store, key: str) -> bool:
    """Return whether an object is there and will stay for now."""
    written = store.written(key)
    kept = written is not None and utcnow() - written < FRESH
    lookups["hit" if kept else "miss"] += 1
    return kept
