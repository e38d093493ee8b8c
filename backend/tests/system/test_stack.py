"""`./a6hub up` with its real servers, and the commands and scripts that look at it."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.cli.client import Client
from app.cli.joining import settings_of
from app.cli.running import find
from app.cli.stack import ADMIN, BACKEND
from tests.cli.test_supervisor import lives
from tests.conftest import NOBODY
from tests.servers import PLAIN
from tests.system.workers import wait_until

pytestmark = pytest.mark.system

BENCH = 'module tb; initial begin $display("here"); $finish; end endmodule'


class Stack:
    """A running `./a6hub up`."""

    def __init__(self, data: Path, process: "subprocess.Popen[bytes]") -> None:
        self.data = data
        self.process = process

    def wait_ready(self) -> dict[str, Any]:
        wait_until(lambda: self.process.poll() is not None or self._is_ready(), "it is ready")
        assert self.process.poll() is None, (self.data.parent / "up.log").read_text()
        return self.description()

    def description(self) -> dict[str, Any]:
        return find(self.data) or {"pids": {}}

    def pid(self, name: str) -> int:
        return int(self.description()["pids"].get(name, 0))

    def client(self) -> Client:
        description = self.description()
        password = Path(description["admin_password_file"]).read_text()
        return Client.log_in(description["url"], ADMIN, password)

    def simulate(self) -> dict[str, Any]:
        """Run a simulation to its end and return the job."""
        with self.client() as client:
            project = client.create_project(f"project {uuid.uuid4()}")
            client.put_file(project, "tb.v", BENCH.encode())
            job = client.submit(project, "simulation", {"top": "tb"})
            kinds = [kind for kind, _ in client.follow(job)]
            assert kinds[-1] == "end"
            return client.job(job)

    def environment(self) -> dict[str, str]:
        return {**os.environ, **settings_of(self.description())}

    def _is_ready(self) -> bool:
        return b"ready;" in (self.data.parent / "up.log").read_bytes()


def start(data: Path, *options: str) -> Stack:
    command = [sys.executable, "-m", "app.cli", "up", "--data", str(data), *options]
    with (data.parent / "up.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=BACKEND, stdout=log, stderr=log)
    return Stack(data, process)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    data = tmp_path_factory.mktemp("stack") / "data"
    running = start(data)
    running.wait_ready()
    yield running
    running.process.terminate()
    assert running.process.wait(60) == 0


def cli(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "app.cli", *arguments]
    env = {**os.environ, **environment}
    return subprocess.run(
        command, cwd=BACKEND, env=env, capture_output=True, text=True, check=False
    )


def run_celery_script(environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "scripts/test-celery.py"]
    return subprocess.run(
        command, cwd=BACKEND, env=environment, capture_output=True, text=True, check=False
    )


def test_a_job_runs(stack: Stack) -> None:
    job = stack.simulate()
    assert (job["status"], job["verdict"]) == ("completed", "passed")


def test_everything_listens_on_loopback_alone_and_wants_a_password(stack: Stack) -> None:
    description = stack.description()
    with httpx2.Client(trust_env=False) as http:
        assert http.get(f"{description['url']}/health/ready").status_code == 200
        assert http.get(f"{description['url']}/api/v1/jobs").status_code == 401
        assert http.get(f"{description['flower']}/workers").status_code == 401
        assert http.get(f"{description['flower']}/api/workers").status_code == 401
    for name in ("redis", "api", "flower"):
        assert _listens_on(stack.pid(name)) <= {"0100007F"}  # 127.0.0.1


def _listens_on(pid: int) -> set[str]:
    """Return the addresses on which a process listens, as the kernel writes them."""
    links = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # it has just been closed
            links.append(str(link.readlink()))
    inodes = {link[8:-1] for link in links if link.startswith("socket:[")}
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return {row[1].partition(":")[0] for row in rows if row[3] == "0A" and row[9] in inodes}


@pytest.mark.parametrize("name", ["redis", "api", "worker", "flower"])
def test_what_is_killed_comes_back_and_jobs_run(stack: Stack, name: str) -> None:
    url, killed = stack.description()["url"], stack.pid(name)
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: stack.pid(name) not in (0, killed), f"{name} is back")
    wait_until(lambda: _answers(url), "the API answers")
    assert stack.description()["url"] == url
    assert stack.simulate()["status"] == "completed"


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/health/ready", trust_env=False, verify=PLAIN).status_code == 200
    except httpx2.TransportError:
        return False


def test_a_second_one_is_refused(stack: Stack) -> None:
    done = cli("up", "--data", str(stack.data))
    assert done.returncode == 1
    assert f"A stack runs on {stack.data} already." in done.stderr
    assert stack.process.poll() is None


def test_status_says_where_everything_is(stack: Stack) -> None:
    done = cli("status", "--data", str(stack.data))
    assert done.returncode == 0
    for words in (stack.description()["url"], "✓ worker: process", "secrets/admin"):
        assert words in done.stdout


def test_doctor_finds_a_running_stack_well(stack: Stack) -> None:
    lines = cli("doctor", "--data", str(stack.data)).stdout.splitlines()
    for words in (
        f"✓ API: answers at {stack.description()['url']}",
        f"✓ Flower: answers at {stack.description()['flower']}",
        "✓ database: migrated",
        "✓ database use: can be written",
        "✓ clock: goes with the database's",
        "✓ secrets: for their owner alone",
        "✓ store: can be written, read and removed from",
        "✓ broker: Successfully connected to Redis broker",
        "✓ redis maxmemory-policy: noeviction",
        "✓ redis appendonly: yes",
        "✓ workers: Found 1 active worker(s):",
        "✓ queues: Active queues:",
        "        - build (routing_key: build.run)",
        "        - app.workers.tasks.run_simulation",
        "✓ time limits: Messages come back after 7200 s; longest jobs:",
    ):
        assert words in lines


def test_the_celery_script_passes(stack: Stack) -> None:
    done = run_celery_script(stack.environment())
    host = os.uname().nodename
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == EXPECTED.format(host=host, line="=" * 60)


def test_the_celery_script_says_that_redis_is_down() -> None:
    done = run_celery_script({**os.environ, "CELERY_BROKER_URL": NOBODY})
    assert done.returncode == 1
    assert "✗ Error 111 connecting to 127.0.0.1:1. Connection refused." in done.stdout
    assert "Start Redis, and check REDIS_HOST" in done.stdout
    assert done.stdout.count("✗ FAIL") == 4
    assert "Passed: 0/4" in done.stdout


def test_the_celery_script_says_that_no_worker_is_there(redis_server: str) -> None:
    done = run_celery_script({**os.environ, "CELERY_BROKER_URL": redis_server})
    assert done.returncode == 1
    assert "✗ No active workers\n  Start one: ./scripts/start-worker.sh" in done.stdout
    assert "Connection           ✓ PASS" in done.stdout
    assert "Passed: 1/4" in done.stdout


def test_the_start_scripts_start(stack: Stack, tmp_path: Path) -> None:
    """A worker of its own joins the stack; the script finds the programs by itself."""
    log = tmp_path / "worker.log"
    environment = stack.environment()
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    command = ["scripts/start-worker.sh", "--hostname=another@%h"]
    with log.open("wb") as output:
        worker = subprocess.Popen(
            command, cwd=BACKEND, env=environment, stdout=output, stderr=output
        )
    wait_until(lambda: b" ready." in log.read_bytes(), "the worker is ready")
    assert "Found 2 active worker(s):" in run_celery_script(stack.environment()).stdout
    worker.terminate()
    assert worker.wait(60) == 0


def test_a_stack_that_was_killed_leaves_nothing_and_starts_again(tmp_path: Path) -> None:
    first = start(tmp_path / "data")
    pids = first.wait_ready()["pids"]
    assert first.simulate()["status"] == "completed"
    first.process.kill()
    first.process.wait()
    second = start(tmp_path / "data")  # at once: what is left of the first is still ending
    second.wait_ready()
    assert not any(lives(pid) for pid in pids.values())
    with second.client() as client:
        assert len(client.artifacts(1)) > 0
    assert cli("down", "--data", str(tmp_path / "data")).stdout.split() == [
        "stopping",
        "...",
        "stopped",
    ]
    assert second.process.wait(60) == 0
    assert cli("status", "--data", str(tmp_path / "data")).returncode == 1


def test_a_taken_port_is_told(tmp_path: Path, stack: Stack) -> None:
    port = stack.description()["url"].rpartition(":")[2]
    done = cli("up", "--data", str(tmp_path / "data"), "--port", port)
    assert done.returncode == 1
    assert f"Port {port} cannot be used: Address already in use." in done.stderr


def test_where_jobs_cannot_be_confined_it_asks_for_trust(tmp_path: Path) -> None:
    without_bwrap = tmp_path / "bin"
    without_bwrap.mkdir()
    (without_bwrap / "redis-server").symlink_to("/bin/true")
    done = cli("up", "--data", str(tmp_path / "data"), PATH=str(without_bwrap))
    assert done.returncode == 1
    assert "bubblewrap is not installed" in done.stderr
    assert "A6HUB_TRUSTED=1" in done.stderr


def test_bad_settings_are_told(tmp_path: Path) -> None:
    done = cli("up", "--data", str(tmp_path / "data"), MAX_ATTEMPTS="none")
    assert done.returncode == 1
    assert "MAX_ATTEMPTS" in done.stderr
    assert "Traceback" not in done.stderr


EXPECTED = """\
{line}
Celery + Redis Integration Test
{line}

Testing Celery connection to Redis...
✓ Successfully connected to Redis broker

Testing worker availability...
✓ Found 1 active worker(s):
  - celery@{host}
    Pool: prefork
    Max concurrency: 2

Testing queue configuration...
✓ Active queues:
  Worker: celery@{host}
    - build (routing_key: build.run)
    - simulation (routing_key: simulation.run)

Registered tasks:
  Worker: celery@{host}
    - app.workers.tasks.run_build
    - app.workers.tasks.run_simulation

{line}
Test Summary
{line}
Connection           ✓ PASS
Workers              ✓ PASS
Queues               ✓ PASS
Tasks                ✓ PASS

Passed: 4/4

✓ All tests passed! Celery is properly configured.
"""
