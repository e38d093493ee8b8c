"""Output of gigabytes: a real worker, a real API, readers; memory and disk stay where they were."""

import re
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.client import Client
from app.core.security import hash_password
from app.jobs.context import Context
from app.models import User
from tests.system.server import api
from tests.system.workers import Worker, worker

pytestmark = [
    pytest.mark.system,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]

MIB = 1 << 20
HEAD, TAIL = 64 * MIB, MIB
#: How much a process may grow while gigabytes pass through it.
GROWTH = 64 * MIB
#: What a job's folder holds besides its log.
LITTLE = 4 * MIB
LINE = 8192
PASSWORD = "correct horse battery staple"
#: Prints lines of LINE bytes, numbered.
BENCH = """
module tb;
  integer n;
  string filling;
  initial begin
    filling = {%d{"x"}};
    for (n = 0; n < %d; n = n + 1) $display("%%010d %%s", n, filling);
    $error("the end");
    $finish;
  end
endmodule
"""
MARKER = re.compile(rb"\n\[a6hub: the log is at its limit; (\d+) bytes left out here\]\n")


@pytest.fixture
def client(redis_context: Context, tmp_path: Path) -> Iterator["Watched"]:
    settings = redis_context.settings
    with redis_context.database.writing() as session:
        session.add(User(username="ada", password_hash=hash_password(PASSWORD)))
    with (
        worker(settings, tmp_path / "worker.log") as running,
        api(settings, tmp_path / "api.log") as (pid, url),
        Client.log_in(url, "ada", PASSWORD) as client,
    ):
        yield Watched(client, settings.work_dir, [pid, *pool_processes(running)])


class Watched:
    """A client, and the memory and disk of those who serve it."""

    def __init__(self, client: Client, work_dir: Path, pids: list[int]) -> None:
        self.client = client
        self._work_dir = work_dir
        self._pids = pids
        self.most_disk = 0

    def simulate(self, lines: int) -> int:
        project = self.client.create_project(f"project {uuid.uuid4()}")
        source = BENCH % (LINE - 12, lines)
        self.client.put_file(project, "tb.v", source.encode())
        return self.client.submit(project, "simulation", {"top": "tb"})

    def log(self, job: int, **parameters: int) -> bytes:
        http = self.client._http
        answer = http.get(f"/jobs/{job}/log", params=parameters)
        answer.raise_for_status()
        return answer.content

    def follow(self, job: int) -> str:
        """Return the log's text as it is told live."""
        text = [data["text"] for kind, data in self.client.follow(job) if kind == "log"]
        return "".join(text)

    def memory(self) -> list[int]:
        """Return the most memory that each process had since the last call, in bytes."""
        most = [_status(pid, "VmHWM") for pid in self._pids]
        for pid in self._pids:
            Path(f"/proc/{pid}/clear_refs").write_text("5")
        return most

    def look_at_disk(self) -> None:
        used = 0
        for path in self._work_dir.rglob("*"):
            try:
                used += path.lstat().st_blocks * 512
            except OSError:  # it has just gone
                continue
        self.most_disk = max(self.most_disk, used)


def pool_processes(running: Worker) -> list[int]:
    pid = running.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    commands = {int(child): Path(f"/proc/{child}/cmdline").read_bytes() for child in children}
    return [child for child, command in commands.items() if b"upkeep" not in command]


def _status(pid: int, name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) << 10


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(200_000_000 // LINE, id="200 MB"),
        # More than 4 GiB, which is the most that one file of a job may hold.
        pytest.param(
            4_400_000_000 // LINE, id="4 GB", marks=[pytest.mark.slow, pytest.mark.timeout(600)]
        ),
    ],
)
def test_output_of_gigabytes(client: Watched, lines: int) -> None:
    for _ in range(2):  # so that both pool processes have worked
        small = client.simulate(HEAD // 2 // LINE)
        assert client.follow(small) == client.log(small).decode()
    client.memory()
    before = client.memory()

    job = client.simulate(lines)
    told: list[str] = []
    follower = threading.Thread(target=lambda: told.append(client.follow(job)))
    follower.start()
    while client.client.job(job)["status"] in ("pending", "running"):
        client.look_at_disk()
        piece = client.log(job, offset=HEAD // 3, limit=4 * MIB)
        assert set(piece) <= set(b"0123456789 x\n")
    follower.join(120)
    whole = client.log(job)
    after = client.memory()

    check_log(whole, lines)
    assert told == [whole.decode()]
    assert client.client.job(job)["metrics"]["simulation__errors"] == 1
    assert client.most_disk < HEAD + TAIL + LITTLE
    growths = [after - before for before, after in zip(before, after, strict=True)]
    assert max(growths) < GROWTH, (before, after)


def check_log(log: bytes, lines: int) -> None:
    """Check that this is head, marker and tail of a log with so many lines."""
    head, tail = log[:HEAD], log[-TAIL:]
    marker = MARKER.fullmatch(log[HEAD:-TAIL])
    assert marker
    first = head.index(b"0000000000 ")
    for number in range((HEAD - first) // LINE):
        at = first + number * LINE
        assert head[at : at + LINE] == line(number)
    begin = re.search(rb"\n(\d{10}) x", tail)
    assert begin
    at = begin.start() + 1
    for number in range(int(begin[1]), lines):
        assert tail[at : at + LINE] == line(number)
        at += LINE
    assert b"ERROR: tb.v" in tail[at:]
    total = first + lines * LINE + len(tail[at:])
    assert int(marker[1]) == total - HEAD - TAIL


def line(number: int) -> bytes:
    return b"%010d " % number + b"x" * (LINE - 12) + b"\n"
