"""A real API: as a child process, or, which starts faster, in a thread of the tests."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import uvicorn

from app.api.application import create_app
from app.core.settings import Settings
from tests.servers import free_port, tied
from tests.system.workers import BACKEND, wait_until


@contextmanager
def api(settings: Settings, log: Path) -> Iterator[tuple[int, str]]:
    """Run the API until the end of the block: its process and address."""
    port = free_port()
    env = {
        **os.environ,
        "A6HUB_DATA_DIR": str(settings.data_dir),
        "A6HUB_DATABASE_URL": settings.database,
        "CELERY_BROKER_URL": settings.broker_url,
    }
    command = tied(sys.executable, "-m", "uvicorn", "main:app", f"--port={port}")
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=BACKEND, env=env, stdout=output, stderr=output)
    try:
        wait_until(lambda: _answers(url), "the API answers")
        yield process.pid, url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@contextmanager
def served(settings: Settings) -> Iterator[str]:
    """Serve from a thread until the end of the block: its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(settings), log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        wait_until(lambda: server.started, "the API is up")
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/health/ready", trust_env=False).is_success
    except httpx2.TransportError:
        return False
