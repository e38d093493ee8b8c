"""`docker compose up -d`, really: the whole file on a real engine, used as docs/deploy.md says.

How near this is to a site. The file, its secrets, networks, users, limits, health checks and
commands are as they are; an override names other images, as none can be pulled, and has three
health checks asked more often. The images of a6hub are built from the Dockerfiles by Compose, on a
base of this machine's Python. In place of the others stand those of tests/deploy/stand_ins, which
says how near they are; PostgreSQL, Redis, Prometheus and the exporters are the real programs, MinIO
is rclone. Grafana is not to be had. The engine (Debian's, 20.10) has a network namespace of its own.

Each test leaves a stack that works, so they go in any order.
"""

import json
import os
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import docker
import httpx2
import pytest

from app import __version__
from app.cli.client import Client
from tests.deploy.images import fetch_wheels, make_base
from tests.deploy.inside import network_of
from tests.deploy.inspected import image_of, run_in
from tests.deploy.site import Site, make_job_image, make_site, override_images
from tests.deploy.stand_ins import make_stand_ins
from tests.deploy.test_images import STARTED
from tests.executors.engine import NoEngineError, running_engine
from tests.system.workers import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(900)]
#: One that ends by itself, and one that takes some seconds.
SHORT, LONG = 3, 1_000_000
BENCH = """
module tb;
  integer i;
  initial begin
    $dumpfile("tb.vcd"); $dumpvars(1, tb);
    for (i = 0; i < %d; i = i + 1) if (i %% 100000 < 3) begin #1 $display("at %%0d", i); end
    $finish;
  end
endmodule
"""
IMAGES = (f"a6hub-backend:{__version__}", f"a6hub-worker:{__version__}")
PUBLISHED = {"backend": 8000, "flower": 5555}
ONE_SHOT = {"minio-bucket", "volumes", "migrate"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, compose_program: Path) -> Iterator[Site]:
    """A stack that was brought up as the quickstart says."""
    with ExitStack() as stack:
        try:
            engine = stack.enter_context(running_engine(networks=True))
        except NoEngineError as error:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(str(error))
        folder = tmp_path_factory.mktemp("site")
        wheels = folder / "wheels"
        wheels.mkdir()
        with (
            ThreadPoolExecutor(1) as beside,
            closing(docker.APIClient(engine.host, timeout=600)) as client,
        ):
            fetching = beside.submit(fetch_wheels, wheels)
            images = make_base(client), make_job_image(client)
            made = make_site(folder / "backend", engine, compose_program, *images)
            override_images(made, make_stand_ins(client, folder))
            fetching.result()
        wheels.rename(made.folder / "wheels")
        made.compose("build", "backend")
        made.compose("build", "celery-worker")  # which finds the stage that both share
        stack.callback(made.compose, "--profile", "*", "down", "--volumes", "--timeout", "5")
        made.compose("up", "-d", "--wait")
        yield made


def submit(client: Client, count: int, rounds: int = LONG) -> list[int]:
    project = client.find_project("stack") or client.create_project("stack")
    client.put_file(project, "tb.v", (BENCH % rounds).encode())
    return [client.submit(project, "simulation", {"top": "tb"}) for _ in range(count)]


def await_completed(client: Client, jobs: list[int]) -> None:
    """Return when all have ended well, each with one attempt that counts and its files."""
    wait_until(lambda: not any(_goes_on(client, job) for job in jobs), "all jobs end", 240)
    for number in jobs:
        job = client.job(number)
        assert (job["status"], job["verdict"]) == ("completed", "passed"), job
        names = {artifact["name"] for artifact in client.artifacts(number)}
        assert "tb.vcd" in names


def _goes_on(client: Client, job: int) -> bool:
    try:
        return client.job(job)["status"] in {"pending", "running"}
    except httpx2.HTTPError:  # what it needs is being broken by the test
        return True


def hosts(client: Client, jobs: list[int]) -> set[str]:
    return {client.job(job)["attempts"][-1]["worker"].partition(":")[0] for job in jobs}


def test_labels_user_and_size_of_the_images(site: Site) -> None:
    base = image_of(site.engine, site.base)["Size"]
    for name in IMAGES:
        found = image_of(site.engine, name)
        assert found["Config"]["Labels"]["org.opencontainers.image.version"] == __version__
        assert found["Config"]["User"] == STARTED
        assert found["Size"] - base < 350 << 20


def test_what_is_installed_in_both_images_is_alike(site: Site) -> None:
    """And nothing that fetches or installs is left."""
    script = (
        "import hashlib, pathlib, importlib.util as u; d = hashlib.sha256();"
        "[d.update(str(p).encode() + p.read_bytes()) for p in"
        " sorted(pathlib.Path('/opt/a6hub').rglob('*')) if p.is_file()];"
        "print(d.hexdigest(), [n for n in ('pip', 'uv') if u.find_spec(n)])"
    )
    (one, other) = (run_in(site.engine, name, script) for name in IMAGES)
    assert one == other
    assert one.endswith(" []")


def test_images_alone_say_how_they_are_started_and_asked(site: Site) -> None:
    """So `up --wait` has shown that they become healthy, in a container that is as confined."""
    for service, name in zip(("backend", "celery-worker"), IMAGES, strict=True):
        image, made = image_of(site.engine, name)["Config"], site.container(service)
        health = image["Healthcheck"]["Test"]
        assert made["Config"]["Healthcheck"]["Test"] == health
        assert made["State"]["Health"]["Status"] == "healthy"
        own = [word for word in image["Cmd"] if not word.startswith("--concurrency")]
        assert set(own) <= set(made["Config"]["Cmd"])
        assert "SecurityWarning" not in site.compose("logs", "--no-color", service)


def test_a_job_is_run_and_its_log_and_files_are_read(site: Site) -> None:
    with site.user() as client:
        (job,) = submit(client, 1, SHORT)
        events = list(client.follow(job))
        assert events[-1][1]["status"] == "completed", events
        log = "".join(data["text"] for kind, data in events if kind == "log")
        assert "at 0\nat 1\nat 2\n" in log
        found = {one["name"]: client.content(one) for one in client.artifacts(job)}
        assert b"$enddefinitions" in found["tb.vcd"]


def test_containers_are_what_the_file_promises(site: Site) -> None:
    """Looked at on the engine, and from within."""
    published: dict[tuple[str, str], list[dict[str, str]]] = {}
    for one in site.containers():
        name, host = one["Config"]["Labels"]["com.docker.compose.service"], one["HostConfig"]
        assert host["ReadonlyRootfs"], name
        assert (host["CapDrop"], host["Privileged"]) == (["ALL"], False), name
        assert host["CapAdd"] == (["CHOWN"] if name == "volumes" else None), name
        assert host["SecurityOpt"] == ["no-new-privileges:true"], name
        if name in {"volumes", "docker-filter"}:
            assert host["NetworkMode"] == "none", name
        else:
            assert re.fullmatch(r"[1-9]\d*:\d+", one["Config"]["User"]), name
        ports = {port: bound for port, bound in one["NetworkSettings"]["Ports"].items() if bound}
        published |= {(name, port): bound for port, bound in ports.items()}
        if name not in ONE_SHOT:
            assert_powerless(one["State"]["Pid"], name)
    assert set(published) == {(name, f"{port}/tcp") for name, port in PUBLISHED.items()}
    assert {bound["HostIp"] for (bound,) in published.values()} == {"127.0.0.1"}


def assert_powerless(pid: int, name: str) -> None:
    """A process, as its kernel sees it."""
    status = Path(f"/proc/{pid}/status").read_text()
    said = dict(re.findall(r"(?m)^(\w+):\s+(.*)$", status))
    assert said["NoNewPrivs"] == "1", name
    assert int(said["CapBnd"], 16) == 0, name
    assert (said["Uid"].split()[0] == "0") == (name == "docker-filter"), name


def test_what_is_inside_is_reached_by_nobody_else(site: Site) -> None:
    """From where people come in, and the other way round; and the way that should be there is."""
    inside, edge = address(site, "backend", "a6hub_inside"), address(site, "backend", "a6hub_edge")
    for name in ("postgres", "redis", "minio", "celery-worker"):
        pid = site.container(name)["State"]["Pid"]
        assert set(site.container(name)["NetworkSettings"]["Networks"]) == {"a6hub_inside"}, name
        assert connects(pid, inside), name
        assert not connects(pid, edge), name


def address(site: Site, service: str, network: str) -> str:
    found = site.container(service)["NetworkSettings"]["Networks"][network]
    return str(found["IPAddress"])


def connects(pid: int, host: str) -> bool:
    """Return whether the API is reached from the network of a process."""
    with network_of(pid), socket.socket() as probe:
        probe.settimeout(1)  # what a firewall drops is never answered
        return probe.connect_ex((host, 8000)) == 0


def test_flower_wants_its_password(site: Site) -> None:
    user, _, password = site.secret("flower_basic_auth").partition(":")
    assert site.get("http://127.0.0.1:5555/").status_code == 401
    assert site.get("http://127.0.0.1:5555/", auth=(user, "wrong")).status_code == 401
    assert site.get("http://127.0.0.1:5555/", auth=(user, password)).status_code == 200


def test_three_workers_that_grow_and_two_backends_all_work(site: Site) -> None:
    """`--scale celery-worker=3`, each `--autoscale=10,3`; the ports of backends are a range."""
    site.set(CELERY_PLACES="--autoscale=10,3", A6HUB_LISTEN="127.0.0.1:8000-8001")
    try:
        site.compose("up", "-d", "--wait", "--scale", "celery-worker=3", "--scale", "backend=2")
        for port in (8000, 8001):
            assert site.get(f"http://127.0.0.1:{port}/health/ready").status_code == 200
        known = {one["Config"]["Hostname"] for one in site.containers("celery-worker")}
        assert len(known) == 3
        with site.user() as client:
            jobs = submit(client, 9)
            await_completed(client, jobs)
            assert hosts(client, jobs) == known
    finally:  # the backend that stays may have the other port
        site.set(A6HUB_LISTEN="127.0.0.1:8000")
        site.compose("up", "-d", "--wait")


def test_nothing_is_lost_when_database_and_store_start_anew_under_load(site: Site) -> None:
    with site.user() as client:
        jobs = submit(client, 6)
        wait_until(lambda: client.job(jobs[0])["status"] == "running", "the first one runs")
        site.compose("kill", "postgres", "minio")
        site.compose("up", "-d", "--wait")
        await_completed(client, jobs)


def test_all_is_there_after_a_restore(site: Site) -> None:
    backups = site.folder / "backups"
    backups.mkdir()
    os.chown(backups, 10001, 10001)

    def a6hub(*words: str) -> str:
        shown = f"{backups}:/backups"
        run = ("run", "--rm", "--no-deps", "-T", "--volume", shown, "backend")
        return site.compose(*run, "python", "-m", "app.cli", *words)

    with site.user() as client:
        (job,) = submit(client, 1, SHORT)
        await_completed(client, [job])
        before = all_of(client, job)
    a6hub("backup", "/backups/a6hub")
    site.compose("down")
    remove_data(site)
    site.compose("up", "-d", "--wait", "postgres", "redis")
    site.compose("up", "minio-bucket")
    assert "restored" in a6hub("restore", "/backups/a6hub")
    site.compose("up", "-d", "--wait")
    with site.user() as client:
        assert all_of(client, job) == before


def all_of(client: Client, job: int) -> tuple[object, ...]:
    files = {one["name"]: client.content(one) for one in client.artifacts(job)}
    log = [data["text"] for kind, data in client.follow(job) if kind == "log"]
    return "".join(log), files, client.job(job)["attempts"]


def remove_data(site: Site) -> None:
    """Remove what database, store and Redis have."""
    names = ["postgres", "minio", "redis", "redis-replica"]
    names += [f"redis-sentinel-{number}" for number in (1, 2, 3)]
    with closing(site.engine.client()) as client:
        for name in names:
            with suppress(docker.errors.NotFound):
                client.remove_volume(f"a6hub_{name}")


def test_monitoring_and_a_flower_for_administrators(site: Site) -> None:
    """All of profile `monitoring` but Grafana, and profile `admin`."""
    profiles = ["--profile", "monitoring", "--profile", "admin"]
    watching = ["prometheus", "alertmanager", "redis-exporter", "postgres-exporter"]
    site.compose(*profiles, "up", "-d", "--wait", "flower-admin", *watching)
    try:
        wanted = {"a6hub-api", "a6hub-worker", "redis", "postgresql"}
        wait_until(lambda: wanted <= targets_up(site), "Prometheus sees them all", 120)
        user, _, password = site.secret("flower_admin_basic_auth").partition(":")
        page = "http://127.0.0.1:5556/"
        assert site.get(page).status_code == 401
        assert site.get(page, auth=(user, password)).status_code == 200
        rules = site.get_within("prometheus", "http://127.0.0.1:9090/api/v1/rules")
        assert rules["data"]["groups"]
    finally:
        site.compose(*profiles, "rm", "--stop", "--force", "flower-admin", *watching)


def targets_up(site: Site) -> set[str]:
    found = site.get_within("prometheus", "http://127.0.0.1:9090/api/v1/targets")
    return {one["labels"]["job"] for one in found["data"]["activeTargets"] if one["health"] == "up"}


def test_all_is_there_after_down_and_up_and_jobs_end_after_the_redis_master_was_killed(
    site: Site,
) -> None:
    """What comes up is profile `ha`, which stays on: COMPOSE_PROFILES is in .env."""
    with site.user() as client:
        (job,) = submit(client, 1, SHORT)
        await_completed(client, [job])
        before = all_of(client, job)
    site.compose("down")
    assert site.containers() == []
    sentinels = " ".join(f"redis-sentinel-{number}:26379" for number in (1, 2, 3))
    site.set(REDIS_SENTINELS=sentinels, COMPOSE_PROFILES="ha")
    site.compose("up", "-d", "--wait")
    with site.user() as client:
        assert all_of(client, job) == before
        jobs = submit(client, 4)
        site.compose("kill", "redis")
        await_completed(client, jobs + submit(client, 2, SHORT))
    assert role(site, "redis-replica") == "master"
    site.compose("start", "redis")
    wait_until(lambda: role(site, "redis") == "slave", "the old master follows the new one")
    assert site.get("http://127.0.0.1:5555/healthcheck").status_code == 200


def role(site: Site, service: str) -> str:
    """Return what a Redis is, by its own word."""
    ask = 'REDISCLI_AUTH="$(cat /run/secrets/redis_password)" redis-cli role'
    return site.compose("exec", "-T", service, "sh", "-c", ask).split()[0]


def test_commands_of_operators(site: Site) -> None:
    """What docs/operate.md has, as docs/deploy.md says how to call it."""

    def a6hub(*words: str) -> str:
        return site.compose("exec", "-T", "backend", "python", "-m", "app.cli", *words)

    assert a6hub("maintenance", "status") == "off\n"
    a6hub("maintenance", "on", "New disks.")
    try:
        with site.user() as client, pytest.raises(httpx2.HTTPError, match="New disks"):
            submit(client, 1)
    finally:
        a6hub("maintenance", "off")
    assert site.container("celery-worker")["Config"]["Hostname"] in a6hub("workers")
    ask = "python -m app.cli doctor --json || true"  # no builds here, which it says
    said = json.loads(site.compose("exec", "-T", "celery-worker", "sh", "-c", ask))
    assert {one["name"] for one in said if not one["well"]} == {"PDK", "LibreLane"}
    a6hub("sweep", "--dry-run")
    said = site.compose("exec", "-T", "backend", "python", "scripts/test-celery.py")
    assert "Passed: 4/4" in said


def test_an_upgrade_with_a_migration(site: Site) -> None:
    """A new version's images, its migration once though many ask for it, and a job meanwhile."""
    versions = site.folder / "app" / "db" / "migrations" / "versions"
    last = sorted(versions.glob("[0-9]*.py"))[-1].name[:4]
    text = f'"""One more."""\nrevision, down_revision = "9999", "{last}"\nbranch_labels = None\ndepends_on = None\n'
    text += "def upgrade() -> None:\n    from alembic import op\n    op.execute('CREATE TABLE once (x int)')\n"
    (versions / "9999_once.py").write_text(text)
    with site.user() as client:
        jobs = submit(client, 3)
        site.set(A6HUB_VERSION="9.9.9")
        site.compose("build")
        with ThreadPoolExecutor(2) as many:
            list(many.map(lambda _: site.compose("run", "--rm", "migrate"), range(2)))
        site.compose("up", "-d", "--wait")
        await_completed(client, jobs)
    assert site.container("backend")["Config"]["Image"] == "a6hub-backend:9.9.9"
    assert ask_database(site, "SELECT version_num FROM alembic_version") == ["9999"]


def test_the_database_lets_go_of_who_vanished(site: Site) -> None:
    # What it is for connections by TCP; asked for by another way, a setting itself is 0.
    names = "tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count"
    ask = "SELECT reset_val FROM pg_settings WHERE name = '{}'"
    assert [ask_database(site, ask.format(name)) for name in names] == [["10"], ["5"], ["3"]]


def ask_database(site: Site, query: str) -> list[str]:
    """Return the words that a query finds."""
    return site.compose(
        *("exec", "-T", "postgres", "psql", "-U", "a6hub", "-h", "/run/postgresql", "-Atc", query)
    ).split()
