"""`/metrics` of a worker's machine, served by the upkeep process beside the worker.

The pool processes need no place of their own: what an attempt knows is in its row at its end.
"""

import hmac
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.core.logging import get_logger
from app.core.settings import Settings
from app.jobs.meters import PROCESS
from app.jobs.workdir import work_dirs

if TYPE_CHECKING:  # it is there for type checkers alone
    from wsgiref.types import StartResponse, WSGIEnvironment

log = get_logger(__name__)


class WorkFolder(Collector):
    """The folder of the attempts on this machine, and the disk that it lies on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        """Look now; yield nothing while there is no folder yet."""
        if not self._folder.is_dir():
            return
        disk = shutil.disk_usage(self._folder)
        yield GaugeMetricFamily("a6hub_work_disk_bytes", "The disk of work folders.", disk.total)
        yield GaugeMetricFamily("a6hub_work_disk_free_bytes", "What is free of it.", disk.free)
        attempts = len(list(work_dirs(self._folder)))
        yield GaugeMetricFamily("a6hub_work_folders", "Attempts with a folder here.", attempts)


def serve_metrics(settings: Settings) -> WSGIServer | None:
    """Serve in a thread where `A6HUB_WORKER_METRICS` says; return the server, None if nowhere.

    A second worker on a machine finds the port taken: the first one's tells of the machine.
    """
    if settings.worker_metrics is None or settings.metrics_token is None:
        return None
    host, port = settings.worker_metrics
    app = _application(settings.metrics_token.get_secret_value())
    try:
        server = make_server(host, port, app, _Server, _Silent)
    except OSError as error:
        log.warning("metrics are not served here", host=host, port=port, error=str(error))
        return None
    PROCESS.register(WorkFolder(settings.work_dir))
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


def _application(
    token: str,
) -> Callable[["WSGIEnvironment", "StartResponse"], Iterable[bytes]]:
    wanted = f"Bearer {token}".encode()

    def answer(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        given = str(environ.get("HTTP_AUTHORIZATION", "")).encode()
        if environ["PATH_INFO"] != "/metrics":
            start("404 Not Found", [])
            return [b"There is only /metrics.\n"]
        if not hmac.compare_digest(given, wanted):
            start("401 Unauthorized", [("WWW-Authenticate", "Bearer")])
            return [b"Send the metrics' token: Authorization: Bearer ...\n"]
        start("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
        return [generate_latest(PROCESS)]

    return answer


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    timeout = 10.0

    def log_message(self, *_: object) -> None:
        """Write no line for each scrape."""
