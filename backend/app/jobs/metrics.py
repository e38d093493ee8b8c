"""What Prometheus is told of the whole installation: the same from every process.

A scrape costs nine small queries (`./a6hub bench metrics`): the tallies, one index entry for each
job that waits or runs, the oldest of the outbox, the workers, what is held back, and what waiting
jobs need. No label holds what users have named: users are told by their ids.
"""

from collections.abc import Iterator

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from app.db.engine import Database
from app.jobs.present_metrics import look
from app.jobs.tallied_metrics import tallied
from app.jobs.tallies import read_tallies


class InstallationCollector(Collector):
    """Asks the database at each scrape; raises its errors."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def describe(self) -> Iterator[Metric]:
        """Tell nothing before the first scrape: that would be a query."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics."""
        with self._database.reading() as session:
            tallies = read_tallies(session)
            present = look(session)
        yield from present.metrics
        yield from tallied(tallies, present.users)
