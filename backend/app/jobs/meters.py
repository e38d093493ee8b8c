"""What this process alone knows and Prometheus may ask: its own counters, memory and CPU time."""

from collections.abc import Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from app import __version__
from app.jobs.offers import catalog_lookups
from app.jobs.patience import PARTS, outages_met
from app.storage.freshness import lookups
from app.storage.store import OPERATIONS, errors_met

# When each counter began: another series for each, for which nobody asks.
disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no annotations

#: Prometheus's default registry holds what libraries put there.
PROCESS = CollectorRegistry()

leases_expired = Counter(
    "a6hub_leases_expired",
    "Attempts that this process took from workers of which nobody had heard.",
    registry=PROCESS,
)
upkeep_rounds = Counter(
    "a6hub_upkeep_rounds", "Rounds of the upkeep: `well`, `stumbled`.", ["result"], registry=PROCESS
)
removed = Counter(
    "a6hub_removed",
    "What this process has removed: objects of the store; kept steps, jobs' files and jobs by the "
    "retention.",
    ["what"],
    registry=PROCESS,
)
removed_bytes = Counter(
    "a6hub_removed_bytes", "Bytes that this process has removed from the store.", registry=PROCESS
)
for _what in ("objects", "steps", "files", "jobs"):
    removed.labels(_what)
for _result in ("well", "stumbled"):  # Prometheus sees no increase in what was not there before
    upkeep_rounds.labels(_result)
Info("a6hub_version", "What runs here.", registry=PROCESS).info({"version": __version__})
PlatformCollector(registry=PROCESS)
ProcessCollector(registry=PROCESS)


class _Lookups(Collector):
    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(
            "a6hub_cache_lookups",
            "Looks into a cache: content that the store has already, catalogs in memory.",
            labels=["cache", "result"],
        )
        for cache, asked in (("content", lookups), ("catalog", catalog_lookups())):
            for result in ("hit", "miss"):
                family.add_metric([cache, result], asked[result])
        yield family


class _StoreErrors(Collector):
    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(
            "a6hub_store_errors",
            "Errors of the store that this process has met; a missing object is none.",
            labels=["operation"],
        )
        for operation in OPERATIONS:
            family.add_metric([operation], errors_met[operation])
        yield family


class _Outages(Collector):
    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(
            "a6hub_outages", "Times that this process found a part away.", labels=["part"]
        )
        for part in PARTS:
            family.add_metric([part], outages_met[part])
        yield family


for _collector in (_Outages(), _Lookups(), _StoreErrors()):
    PROCESS.register(_collector)
