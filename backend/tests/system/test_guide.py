"""The commands of the integration guide, as they are written there, on real servers.

docs/deploy.md has the table of commands and tests. `python scripts/test-celery.py`, the start of a
worker by its script and what is said when something is down: test_stack.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import pytest
import redis

from app.core.settings import Settings
from app.models import JobStatus
from tests.servers import PLAIN, free_port
from tests.system.lab import SHORT, Lab
from tests.system.workers import BACKEND, PATIENCE, wait_until

pytestmark = [
    pytest.mark.system,
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]

WORKER = (
    "celery -A app.workers.celery_app worker --loglevel=info --queues=build,simulation "
    "--concurrency=2"
)
FLOWER = "celery -A app.workers.celery_app flower --port={port}"


class Guide:
    """Runs commands in backend/ as somebody would who has the environment's programs."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self._log = log
        self.environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONUNBUFFERED": "1",
            "A6HUB_DATA_DIR": str(settings.data_dir),
            "A6HUB_DATABASE_URL": settings.database,
            "CELERY_BROKER_URL": settings.broker_url,
        }

    @contextmanager
    def running(self, command: str, ready: str, **settings: str) -> Iterator[Path]:
        """Run a command until the end; yield its log once `ready` is in it."""
        log = self._log / f"{len(list(self._log.iterdir()))}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                shlex.split(command),
                cwd=BACKEND,
                env={**self.environment, **settings},
                stdout=output,
                stderr=output,
            )
        try:
            wait_until(
                lambda: process.poll() is not None or re.search(ready, log.read_text()) is not None,
                f"{command} is ready",
            )
            assert process.poll() is None, log.read_text()
            yield log
        finally:
            process.terminate()
            process.wait(PATIENCE)

    def output(self, command: str) -> str:
        """Run a command to its end and return what it prints."""
        done = subprocess.run(
            shlex.split(command),
            cwd=BACKEND,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def guide(settings: Settings, tmp_path: Path) -> Guide:
    logs = tmp_path / "logs"
    logs.mkdir()
    return Guide(settings, logs)


def get(url: str, auth: tuple[str, str] | None = None) -> httpx2.Response:
    """Ask a server, which listens a moment after it has said that it is there."""
    answers: list[httpx2.Response] = []

    def ask() -> bool:
        with suppress(httpx2.ConnectError):
            answers.append(httpx2.get(url, auth=auth, trust_env=False, verify=PLAIN, timeout=30))
        return answers != []

    wait_until(ask, f"{url} answers")
    return answers[0]


def redis_cli(settings: Settings, command: str) -> list[str]:
    """Run `redis-cli ...` of the guide on this test's Redis."""
    port = settings.broker_url.rpartition(":")[2].partition("/")[0]
    words = ["redis-cli", "-p", port, *shlex.split(command)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()


def test_the_worker_does_jobs_and_their_results_can_be_seen(
    guide: Guide, lab: Lab, settings: Settings
) -> None:
    with guide.running(WORKER, r" ready\."):
        job = lab.simulate(SHORT)
        lab.wait_for(job, JobStatus.COMPLETED)
        wait_until(
            lambda: redis_cli(settings, "KEYS celery-task-meta-*") != [], "the result is there"
        )
    (key,) = redis_cli(settings, "KEYS celery-task-meta-*")
    assert '"status": "SUCCESS"' in " ".join(redis_cli(settings, f"GET {key}"))


def test_a_worker_may_grow_and_shrink(guide: Guide, lab: Lab) -> None:
    """`--autoscale=10,3`: at most 10 places, at least 3."""
    command = WORKER.replace("--concurrency=2", "--autoscale=10,3")
    with guide.running(command, r" ready\."):
        lab.wait_for(lab.simulate(SHORT), JobStatus.COMPLETED)
        found = guide.output("celery -A app.workers.celery_app inspect stats")
    assert re.search(r'"autoscaler": \{[^}]*"max": 10,[^}]*"min": 3', found, re.DOTALL)


def test_queues_can_be_looked_into(lab: Lab, settings: Settings) -> None:
    assert redis_cli(settings, "ping") == ["PONG"]
    assert redis_cli(settings, "LLEN simulation") == ["0"]
    job = lab.simulate(SHORT)
    assert redis_cli(settings, "LLEN build") == ["0"]
    assert redis_cli(settings, "LLEN simulation") == ["1"]
    (message,) = redis.Redis.from_url(settings.broker_url).lrange("simulation", 0, -1)
    assert b'"task": "app.workers.tasks.run_simulation"' in message
    assert f'"argsrepr": "[{job}]"'.encode() in message


def test_events_are_shown(guide: Guide, lab: Lab) -> None:
    """`events` alone is a full-screen program, for which `--dump` stands in here."""
    with (
        guide.running("celery -A app.workers.celery_app events --dump", "") as log,
        guide.running(WORKER, r" ready\."),
    ):
        wait_until(lambda: " heartbeat" in log.read_text(), "a heartbeat is shown")
        lab.wait_for(lab.simulate(SHORT), JobStatus.COMPLETED)
        wait_until(lambda: "task succeeded" in log.read_text(), "the task is shown")


def test_the_api_starts(guide: Guide) -> None:
    port = free_port()
    with guide.running(f"uvicorn main:app --reload --port {port}", "startup complete"):
        assert get(f"http://127.0.0.1:{port}/health/ready").json()["status"] == "ready"


@pytest.mark.parametrize(
    ("given", "found"),
    [({}, "own"), ({"A6HUB_PDK_ROOT": "/opt/pdk"}, "/opt/pdk"), ({"PDK_ROOT": "/opt/pdk"}, "")],
)
def test_the_start_scripts_name_what_has_been_set_up(
    guide: Guide, tmp_path: Path, given: dict[str, str], found: str
) -> None:
    """So that a worker of theirs can build; what the environment names goes first."""
    python = tmp_path / "envs" / "flow" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    (tmp_path / "pdk").mkdir()
    unset = dict.fromkeys(("A6HUB_FLOW_PYTHON", "FLOW_PYTHON", "A6HUB_PDK_ROOT", "PDK_ROOT"), "")
    guide.environment |= {"A6HUB_HOME": str(tmp_path), **unset, **given}
    script = '. scripts/common.sh && echo "$A6HUB_FLOW_PYTHON $A6HUB_PDK_ROOT"'
    said = guide.output(shlex.join(["sh", "-c", script, "scripts/start-worker.sh"]))
    pdks = str(tmp_path / "pdk") if found == "own" else found
    assert said.rstrip("\n") == f"{python} {pdks}"
    guide.environment["A6HUB_DOCKER_IMAGES"] = "default=sha256:..."  # which has its own
    assert str(python) not in guide.output(
        shlex.join(["sh", "-c", script, "scripts/start-worker.sh"])
    )


@pytest.mark.parametrize("command", ["uvicorn main:app", WORKER])
def test_wrong_settings_are_told_without_a_traceback(guide: Guide, command: str) -> None:
    done = subprocess.run(
        shlex.split(command),
        cwd=BACKEND,
        env={**guide.environment, "A6HUB_HEARTBEAT_SECONDS": "10000"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "A6HUB_HEARTBEAT_SECONDS must be at most half" in done.stderr


def test_an_api_before_the_migration_says_what_to_do(guide: Guide, tmp_path: Path) -> None:
    given = {"A6HUB_DATABASE_URL": f"sqlite:///{tmp_path}/new.sqlite3"}
    with guide.running(f"uvicorn main:app --port {free_port()}", "been migrated", **given) as log:
        assert "./a6hub migrate" in log.read_text()


@pytest.mark.parametrize("command", [FLOWER, "./scripts/start-flower.sh --port={port}"])
def test_flower_wants_its_password(guide: Guide, tmp_path: Path, command: str) -> None:
    """From a file, as the compose file gives it."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "flower_basic_auth").write_text("viewer:secret\n")
    port = free_port()
    with guide.running(command.format(port=port), "Connected to redis", SECRETS_DIR=str(secrets)):
        assert get(f"http://127.0.0.1:{port}/workers").status_code == 401
        page = get(f"http://127.0.0.1:{port}/workers", ("viewer", "secret"))
    assert page.status_code == 200


def test_flower_behind_a_proxy_under_a_path_changes_nothing_for_viewers(
    guide: Guide, settings: Settings
) -> None:
    port, viewer = free_port(), ("viewer", "secret")
    given = {
        "FLOWER_URL_PREFIX": "flower",
        "FLOWER_READ_ONLY": "true",
        "FLOWER_BASIC_AUTH": "viewer:secret",
    }
    with guide.running(FLOWER.format(port=port), "Connected to redis", **given):
        base = f"http://127.0.0.1:{port}/flower"
        page = get(f"{base}/workers", viewer)
        done = httpx2.post(
            f"{base}/api/worker/shutdown/celery@nobody", auth=viewer, trust_env=False, timeout=30
        )
        assert get(f"{base}/healthcheck").status_code == 200
    links = re.findall(r'(?:href|src)="(/[^"/][^"]*)"', page.text)
    assert links
    assert all(link.startswith("/flower/") for link in links), links
    assert done.status_code == 403
