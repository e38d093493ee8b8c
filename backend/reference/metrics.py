"""The page of all metrics."""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from app.api import meters
from app.core.settings import Settings
from app.db.engine import Database
from app.db.migrate import upgrade
from app.jobs.meters import PROCESS
from app.jobs.metrics import InstallationCollector
from app.workers.metrics import WorkFolder
from reference.markdown import NOTE, code, table

_INTRO = """\
# Metrics

What `/metrics` tells. Where it is, who may ask and what a scrape costs: [monitoring](../monitoring.md). The name is the
one to query by: a histogram has `_bucket`, `_sum` and `_count` at its end, a summary `_sum` and `_count`. Times are in
seconds, sizes in bytes.

Labels hold no name that users choose. `reason` is a job's (`tool_failed`, `timed_out`, `out_of_memory`, `disk_full`,
`output_limit`, `worker_lost`, `bad_input`, `cancelled`, `internal`) or empty; `part` is `database`, `store`, `redis` or `other`;
`route` is a template; `step` is one that the installed LibreLane has, or `other`; `user` is a number, and the
[runbook](../runbook.md#a6hublongwait) says how to find out whose. No job makes an engine fetch an image, so of images
there is nothing to count.
"""
_HEADS = ("metric", "type", "labels", "what it is")
_SECTIONS = {
    "Of the installation": "From the database, by each API process: take `max` over instances, not `sum`.",
    "Of a process": "By each API process and by the process beside each worker; HTTP by the API alone.",
    "Of a worker's machine": "By the process beside a worker.",
}


def page() -> str:
    """Return the page in Markdown."""
    parts = [NOTE + _INTRO]
    for title, collectors in zip(_SECTIONS, _collectors(), strict=True):
        rows = [_row(metric) for metric in collectors]
        parts += [f"## {title}\n\n{_SECTIONS[title]}\n", table(_HEADS, rows)]
    return "\n".join(parts)


def _collectors() -> Iterator[Iterable[Metric]]:
    """Yield the metrics of each section."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), database_url="")
        upgrade(settings)
        database = Database(settings.database)
        yield list(InstallationCollector(database).collect())
        database.engine.dispose()
        meters.requests.labels("", "", "")
        meters.seconds_to_answer.labels("", "")
        yield sorted(PROCESS.collect(), key=lambda metric: metric.name)
        work: Collector = WorkFolder(Path(folder))
        yield list(work.collect())


def _row(metric: Metric) -> tuple[str, ...]:
    name = f"{metric.name}_total" if metric.type == "counter" else metric.name
    name = f"{name}_info" if metric.type == "info" else name
    labels = getattr(metric, "_labelnames", None) or _labels(metric)
    return code(name), metric.type, ", ".join(map(code, labels)), metric.documentation


def _labels(metric: Metric) -> list[str]:
    found = dict.fromkeys(label for one in metric.samples for label in one.labels)
    return [label for label in found if label != "le"]
