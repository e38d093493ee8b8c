"""The filter before an engine's socket: what passes, and that nothing else does."""

import copy
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import docker
import pytest

from app.core.settings import Settings
from app.executors.base import Command, Executor, Limits, Mount, Outcome
from app.executors.docker.body import Bind, Frame, container_body
from app.executors.docker.engine import Engine
from app.executors.docker.filter.server import EngineConnection, FilterServer
from app.executors.docker.filter.settings import make_allowed
from app.executors.registry import make_executor
from tests.executors.conftest import EngineWithImage
from tests.executors.runs import (
    HOLD,
    LABELS,
    Run,
    environment,
    make_command,
    run,
    start_worker,
    wait_until_free,
)

_USER = "61000:61000"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with the folder of a job."""
    (tmp_path / "work" / "7-2" / "job").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def job(data: Path) -> Path:
    return data / "work" / "7-2" / "job"


@pytest.fixture
def socket(engine: EngineWithImage, data: Path) -> Iterator[Path]:
    """The filter's socket."""
    settings = engine.settings(data, docker_shown=(data / "shown",))
    with Engine(settings.docker_host) as known:
        allowed = make_allowed(settings, known, _USER)
    listen = engine.engine.folder / "filter"
    with FilterServer(listen, engine.engine.folder / "sock", allowed) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield listen
        server.shutdown()
        thread.join()
    listen.unlink()


@pytest.fixture
def filtered(engine: EngineWithImage, data: Path, socket: Path) -> Settings:
    return engine.settings(data, docker_host=f"unix://{socket}")


@pytest.fixture
def executor(filtered: Settings) -> Executor:
    return make_executor(filtered)


@pytest.fixture
def client(engine: EngineWithImage) -> Iterator[docker.APIClient]:
    """The engine's own, unfiltered."""
    with closing(engine.engine.client()) as opened:
        yield opened


def test_commands_run(executor: Executor, job: Path) -> None:
    done = Run(executor, job, "echo x | tee made; exit 3", labels=LABELS)
    assert (done.end.code, done.output) == (3, "x\n")
    assert Run(executor, job, "echo; sleep 1000", stop_at=b"\n").end.outcome is Outcome.STOPPED
    total = 0

    def count(piece: bytes) -> None:
        nonlocal total
        total += len(piece)

    run(executor, make_command(job, ("head", "-c", "50000000", "/dev/zero")), count)
    assert total == 50_000_000


def test_it_is_noticed(executor: Executor) -> None:
    assert executor.check() is None
    assert executor.warnings() == []
    assert executor.protections()["engine's socket gives no root"] is True


def test_commands_die_with_the_worker(filtered: Settings, job: Path) -> None:
    script = HOLD + "hold; echo up; sleep 1000"
    with start_worker(filtered, job, script) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"up\n"
        worker.kill()
        wait_until_free(job)
    make_executor(filtered).sweep(lambda _: False)


def test_only_what_may_be_shown_is_shown(executor: Executor, data: Path, job: Path) -> None:
    for name in ("shown", "hidden"):
        (data / name).mkdir()
        (data / name / "file").write_text(name)
    shown, hidden = (Mount(data / name, Path("/opt/x")) for name in ("shown", "hidden"))
    assert Run(executor, job, "cat /opt/x/file", mounts=(shown,)).output == "shown"
    for mount in (hidden, Mount(data / "shown", Path("/opt/x"), writable=True)):
        end = run(executor, make_command(job, ("true",), mounts=(mount,)))
        assert end.outcome is Outcome.NOT_STARTED
        assert "may not be shown" in end.message


class Asking:
    """Sends requests to the filter as anybody could."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def __call__(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, str]:
        with closing(EngineConnection(self._socket)) as connection:
            connection.request(method, target, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()


@pytest.fixture
def ask(socket: Path) -> Asking:
    return Asking(socket)


@pytest.fixture
def body(engine: EngineWithImage, job: Path) -> dict[str, Any]:
    """A body that passes."""
    limits = Limits(60, memory_bytes=1 << 28, processes=20)
    frame = Frame(
        image=engine.image,
        image_volumes=(),
        user=_USER,
        binds=(Bind(str(job), "/job", writable=True),),
        labels={"a6hub.instance": "tests"},
        cpus=1,
    )
    return container_body(Command(("true",), job, {}, limits), frame)


def test_the_body_passes(ask: Asking, body: dict[str, Any], client: docker.APIClient) -> None:
    status, said = ask("POST", "/v1.41/containers/create", json.dumps(body).encode())
    assert status == 201
    client.remove_container(json.loads(said)["Id"])


_HOST: dict[str, Any] = {
    "Privileged": True,
    "Binds": ["/:/host"],
    "CapAdd": ["SYS_ADMIN"],
    "CapDrop": [],
    "SecurityOpt": ["seccomp=unconfined"],
    "NetworkMode": "host",
    "PidMode": "host",
    "IpcMode": "host",
    "UTSMode": "host",
    "UsernsMode": "host",
    "CgroupnsMode": "host",
    "CgroupParent": "/",
    "ReadonlyRootfs": False,
    "Devices": [{"PathOnHost": "/dev/vda", "PathInContainer": "/dev/x", "CgroupPermissions": "rw"}],
    "DeviceCgroupRules": ["a *:* rwm"],
    "VolumesFrom": ["other"],
    "Links": ["other"],
    "GroupAdd": ["0"],
    "Sysctls": {"kernel.core_pattern": "x"},
    "MaskedPaths": [],
    "ReadonlyPaths": [],
    "OomScoreAdj": -1000,
    "LogConfig": {"Type": "json-file"},
    "RestartPolicy": {"Name": "always"},
    "Runtime": "other",
    "Memory": 1 << 40,
    "MemorySwap": -1,
    "PidsLimit": -1,
    "NanoCpus": 10**12,
    "Ulimits": [],
    "ShmSize": 1 << 40,
    "Tmpfs": {"/tmp": "exec,suid"},
    "Init": False,
}
_TOP: dict[str, Any] = {
    "User": "0:0",
    "Image": "debian",
    "Entrypoint": ["sh"],
    "Volumes": {"/x": {}},
    "Labels": {},
    "WorkingDir": "/",
    "hostconfig": {"Privileged": True},
    "NetworkingConfig": {"EndpointsConfig": {"host": {}}},
    "Healthcheck": {"Test": ["CMD", "true"]},
    "HostConfig": None,
    "Cmd": [],
    "Env": ["NO_VALUE"],
}


def _with(name: str, value: Any) -> Callable[[dict[str, Any], Path], None]:
    def change(body: dict[str, Any], job: Path) -> None:
        (body["HostConfig"] if _HOST.get(name) is value else body)[name] = value

    return change


def _bound(source: str, target: str = "/job") -> Callable[[dict[str, Any], Path], None]:
    def change(body: dict[str, Any], job: Path) -> None:
        [mount] = body["HostConfig"]["Mounts"]
        mount |= {"Source": source.replace("JOB", str(job)), "Target": target}

    return change


_CHANGES = {
    **{name: _with(name, value) for name, value in (_HOST | _TOP).items()},
    "root's folder": _bound("/"),
    "the work folder": _bound("JOB/../.."),
    "the log's folder": _bound("JOB/.."),
    "out of the work folder": _bound("JOB/../../../../etc"),
    "another place": _bound("JOB", "/etc"),
    "another folder": _bound("JOB/source"),
}


@pytest.mark.parametrize("change", list(_CHANGES.values()), ids=list(_CHANGES))
def test_other_containers_are_refused(
    ask: Asking,
    body: dict[str, Any],
    job: Path,
    client: docker.APIClient,
    change: Callable[[dict[str, Any], Path], None],
) -> None:
    changed = copy.deepcopy(body)
    change(changed, job)
    status, said = ask("POST", "/v1.41/containers/create", json.dumps(changed).encode())
    assert (status, "a6hub's filter" in said) == (403, True)
    assert client.containers(all=True) == []


def test_higher_limits_are_refused(ask: Asking, body: dict[str, Any]) -> None:
    """Also when the whole body fits them, as the executor would make it."""
    command = Command(("true",), Path(), {}, Limits(60, memory_bytes=1 << 40))
    [mount] = body["HostConfig"]["Mounts"]
    frame = Frame(
        image=body["Image"],
        image_volumes=(),
        user=_USER,
        binds=(Bind(mount["Source"], mount["Target"], writable=True),),
        labels=body["Labels"],
        cpus=1,
    )
    data = json.dumps(container_body(command, frame)).encode()
    status, said = ask("POST", "/containers/create", data)
    assert (status, "the limit of memory" in said) == (403, True)


@pytest.mark.parametrize("sent", [b"", b"{", b"[]", b"null", b'"x"', b"[" * 100_000, b"\xff"])
def test_bodies_that_are_none(ask: Asking, sent: bytes) -> None:
    assert ask("POST", "/containers/create", sent)[0] == 403


@pytest.fixture
def other(engine: EngineWithImage, client: docker.APIClient) -> Iterator[str]:
    """A running container of somebody else, with a secret in its environment."""
    made = client.create_container(
        engine.image, ["sleep", "1000"], environment={"PASSWORD": "s3cret"}
    )["Id"]
    client.start(made)
    yield made
    assert client.inspect_container(made)["State"]["Running"]
    client.remove_container(made, force=True)


@pytest.mark.parametrize(
    "request_line",
    [
        "GET /containers/OTHER/json",
        "GET /containers/OTHER/logs?stdout=1",
        "GET /containers/OTHER/archive?path=/etc",
        "GET /containers/OTHER/stats?stream=0",
        "PUT /containers/OTHER/archive?path=/",
        "POST /containers/OTHER/attach?stream=1&stdin=1",
        "POST /containers/OTHER/exec",
        "POST /containers/OTHER/kill?signal=SIGKILL",
        "POST /containers/OTHER/stop",
        "POST /containers/OTHER/update",
        "DELETE /containers/OTHER?force=1",
        "GET /containers/json",
        "GET /containers/json?all=1&filters={}",
        "GET /containers/json?filters={%22label%22:[%22x%22]}",
        "POST /containers/create?name=x",
        "POST /containers/prune",
        "POST /images/create?fromImage=debian",
        "POST /images/load",
        "GET /images/json",
        "GET /images/debian/json",
        "GET /images/IMAGE/get",
        "DELETE /images/IMAGE",
        "POST /build",
        "POST /commit?container=OTHER",
        "GET /volumes",
        "GET /volumes/x",
        "POST /volumes/create",
        "POST /networks/create",
        "GET /secrets",
        "POST /swarm/init",
        "POST /session",
        "GET /events",
        "POST /plugins/pull",
        "GET /v1.41/v1.41/info",
        "GET /info?x=1",
        "GET /../info",
        "GET http://engine/containers/OTHER/json",
        "HEAD /_ping",
        "OPTIONS /info",
        "CONNECT /info",
    ],
)
def test_other_requests_are_refused(
    ask: Asking, engine: EngineWithImage, other: str, request_line: str
) -> None:
    line = request_line.replace("OTHER", other).replace("IMAGE", engine.image)
    method, target = line.split()
    status, said = ask(method, target)
    assert status in (403, 501)
    assert "s3cret" not in said


@pytest.mark.parametrize(
    "header",
    [("Transfer-Encoding", "chunked"), ("Content-Length", "99999999"), ("Content-Length", "-1")],
)
def test_bodies_of_odd_length_are_refused(ask: Asking, header: tuple[str, str]) -> None:
    assert ask("POST", "/containers/create", headers=dict([header]))[0] == 403


def test_the_engine_is_away(engine: EngineWithImage, data: Path, ask: Asking) -> None:
    settings = engine.settings(data)
    with Engine(settings.docker_host) as known:
        allowed = make_allowed(settings, known, _USER)
    listen = engine.engine.folder / "lost"
    with FilterServer(listen, data / "nobody", allowed) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        status, said = Asking(listen)("GET", "/info")
        thread.join()
    listen.unlink()
    assert (status, "cannot reach the engine" in said) == (502, True)


def test_the_command(engine: EngineWithImage, data: Path, job: Path) -> None:
    """`./a6hub docker-filter` makes a socket for its group alone, and takes it away."""
    listen = engine.engine.folder / "made"
    options = [str(listen), "--engine", str(engine.engine.folder / "sock"), "--group", "root"]
    with subprocess.Popen(
        [sys.executable, "-m", "app.cli", "docker-filter", *options],
        env=os.environ | environment(engine.settings(data)),
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        assert listen.stat().st_mode & 0o777 == 0o660
        settings = engine.settings(data, docker_host=f"unix://{listen}")
        assert Run(make_executor(settings), job, "echo x").output == "x\n"
        process.terminate()
    assert process.returncode == 0
    assert not listen.exists()
