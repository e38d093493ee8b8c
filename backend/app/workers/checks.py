"""Looking at the workers over the broker: for `doctor` and `scripts/test-celery.py`."""

from dataclasses import dataclass, field
from typing import Any

from celery import Celery

from app.core.settings import Settings
from app.jobs.broker import BROKER_ERRORS, QUEUES, TASKS, make_redis, transport_options, why_away
from app.jobs.redis_tls import celery_tls

#: How long workers have to answer, in seconds.
ANSWER_SECONDS = 2.0


@dataclass(frozen=True)
class Found:
    """What a check found; `advice` is there when it is not well."""

    well: bool
    lines: list[str] = field(default_factory=list)
    advice: str = ""


def check_connection(settings: Settings) -> Found:
    """See whether the broker answers."""
    try:
        make_redis(settings).ping()
    except BROKER_ERRORS as error:
        why = why_away(settings, error)
        return Found(False, [str(why)], _advice(settings, why))
    return Found(True, ["Successfully connected to Redis broker"])


def _advice(settings: Settings, error: Exception) -> str:
    """Return what to do about a Redis that cannot be spoken to."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        place = settings.redis_ca_file or "this machine's authorities (REDIS_CA_FILE is not set)"
        return (
            "Redis's certificate has to be for the host's name as the settings give it, and "
            f"signed by an authority of {place}."
        )
    return "Start Redis, and check REDIS_HOST, REDIS_PORT, REDIS_TLS and CELERY_BROKER_URL."


def check_workers(settings: Settings) -> Found:
    """See which workers there are, with pool and concurrency."""
    stats = _inspect(settings, "stats")
    if not stats:
        return Found(False, ["No active workers"], "Start one: ./scripts/start-worker.sh")
    lines = [f"Found {len(stats)} active worker(s):"]
    for name, facts in sorted(stats.items()):
        pool = facts["pool"]
        kind = str(pool["implementation"]).rpartition(".")[2].rpartition(":")[2]
        kind = "prefork" if "prefork" in str(pool["implementation"]) else kind
        lines += [f"  - {name}", f"    Pool: {kind}"]
        lines += [f"    Max concurrency: {pool['max-concurrency']}"]
    return Found(True, lines)


def check_queues(settings: Settings) -> Found:
    """See whether each queue has a worker that takes from it."""
    active = _inspect(settings, "active_queues")
    lines = ["Active queues:"] if active else ["No worker takes from any queue"]
    for name, queues in sorted(active.items()):
        lines.append(f"  Worker: {name}")
        lines += [f"    - {q['name']} (routing_key: {q['routing_key']})" for q in queues]
    served = {queue["name"] for queues in active.values() for queue in queues}
    missing = sorted({queue.name for queue in QUEUES} - served)
    advice = f"Start a worker with --queues={','.join(missing)}" if missing else ""
    return Found(not missing, lines, advice)


def check_tasks(settings: Settings) -> Found:
    """See whether each task is known to some worker."""
    registered = _inspect(settings, "registered")
    lines = ["Registered tasks:"] if registered else ["No worker has registered any task"]
    for name, tasks in sorted(registered.items()):
        lines.append(f"  Worker: {name}")
        lines += [f"    - {task}" for task in sorted(tasks) if task.startswith("app.")]
    known = {task for tasks in registered.values() for task in tasks}
    missing = sorted(set(TASKS.values()) - known)
    advice = "Start the worker with `-A app.workers.celery_app` in backend/" if missing else ""
    return Found(not missing, lines, advice)


def check_limits(settings: Settings) -> Found:
    """See whether no worker's message comes back while its job may still run.

    A worker that is allowed longer jobs than this machine knows of would have them begun twice.
    """
    visible = transport_options(settings)["visibility_timeout"]
    limits = {
        name: (conf.get("task_time_limit"), conf.get("visibility_timeout"))
        for name, conf in sorted(_inspect(settings, "conf").items())
    }
    lines = [f"Messages come back after {visible} s; longest jobs:"] if limits else ["No worker"]
    lines += [f"  - {name}: {longest} s" for name, (longest, _) in limits.items()]
    well = all(longest and back == visible > longest for longest, back in limits.values())
    advice = "Give all processes the same MAX_JOB_DURATION_SECONDS, and start them anew."
    return Found(well, lines, "" if well else advice)


def _inspect(settings: Settings, what: str) -> dict[str, Any]:
    """Ask all workers; empty when there is none, or no broker."""
    app = Celery("a6hub-inspect", broker=settings.broker_url, set_as_current=False)
    app.conf.broker_transport_options = transport_options(settings)
    app.conf.broker_connection_retry = False
    app.conf.update(celery_tls(settings))
    try:
        return getattr(app.control.inspect(timeout=ANSWER_SECONDS), what)() or {}
    except BROKER_ERRORS:
        return {}
