"""What a process needs to work with jobs, opened once and handed around."""

from dataclasses import dataclass

from app.core.settings import Settings
from app.db.engine import Database
from app.jobs.broker import Broker
from app.storage.store import Store, make_store


@dataclass(frozen=True)
class Context:
    """One process's settings and connections."""

    settings: Settings
    database: Database
    store: Store
    broker: Broker

    @classmethod
    def open(cls, settings: Settings) -> "Context":
        """Open everything; nothing connects before its first use."""
        return cls(settings, Database(settings.database), make_store(settings), Broker(settings))

    def close(self) -> None:
        """Close the connections."""
        self.database.close()
        self.broker.redis.close()
