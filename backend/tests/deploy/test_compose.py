"""docker-compose.yml keeps its promises: looked at as Compose itself reads it."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app import __version__
from app.cli.stack import BACKEND
from app.core.settings import Settings
from tests.deploy.conftest import Config, run_compose

ALWAYS = {
    *("postgres", "redis", "minio", "minio-bucket", "volumes", "migrate"),
    *("backend", "celery-worker", "docker-filter", "flower"),
}
ONE_SHOT = {"minio-bucket", "volumes", "migrate"}
PUBLISHED = {"backend": 8000, "flower": 5555, "flower-admin": 5555, "grafana": 3000}
#: Who has to be root, and why that is bearable: no right of root's, and no network.
ROOT = {"docker-filter", "volumes"}


def services(config: Config) -> dict[str, Any]:
    found: dict[str, Any] = config["services"]
    return found


def is_ours(service: dict[str, Any]) -> bool:
    """Return whether the image is one that is built here."""
    return str(service["image"]).startswith("a6hub-")


def test_each_image_is_built_once(composed: Config) -> None:
    built = [one["image"] for one in services(composed).values() if "build" in one]
    assert sorted(built) == [f"a6hub-backend:{__version__}", f"a6hub-worker:{__version__}"]
    assert {one["image"] for one in services(composed).values() if is_ours(one)} == set(built)


def test_what_starts_and_what_has_to_be_asked_for(composed: Config) -> None:
    profiles = {name: set(one.get("profiles", ())) for name, one in services(composed).items()}
    assert {name for name, asked in profiles.items() if not asked} == ALWAYS
    assert {name for name, asked in profiles.items() if asked == {"ha"}} == {
        *("redis-replica", "redis-sentinel-1", "redis-sentinel-2", "redis-sentinel-3"),
    }
    assert {name for name, asked in profiles.items() if asked == {"monitoring"}} == {
        *("prometheus", "alertmanager", "grafana", "redis-exporter", "postgres-exporter"),
    }


def test_every_container_is_confined(composed: Config) -> None:
    for name, one in services(composed).items():
        assert one["read_only"] is True, name
        assert one["cap_drop"] == ["ALL"], name
        assert one["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in one, name
        assert one.get("cap_add", []) == (["CHOWN"] if name == "volumes" else []), name
        assert any(place.startswith("/tmp:") for place in one["tmpfs"]), name


def test_a_name_that_is_gone_is_told_at_once(composed: Config) -> None:
    assert all(one["dns_opt"] == ["ndots:1"] for one in services(composed).values())


def test_nobody_is_root_who_has_a_network(composed: Config) -> None:
    for name, one in services(composed).items():
        if name in ROOT:
            assert one["network_mode"] == "none", name
        elif is_ours(one):
            assert "user" not in one, name  # the image's, which is not root: test_images
        else:
            assert re.fullmatch(r"[1-9]\d*:\d+", one["user"]), name


def test_only_what_people_open_is_published_and_on_loopback_alone(composed: Config) -> None:
    ports = {name: one["ports"] for name, one in services(composed).items() if "ports" in one}
    assert {name: port["target"] for name, (port,) in ports.items()} == PUBLISHED
    assert {port["host_ip"] for (port,) in ports.values()} == {"127.0.0.1"}


def test_what_is_not_published_reaches_nobody_outside(composed: Config) -> None:
    assert composed["networks"]["inside"]["internal"] is True
    outside = {
        name for name, one in services(composed).items() if "edge" in one.get("networks", {})
    }
    assert outside == {*PUBLISHED, "alertmanager"}


def test_only_the_filter_has_the_engines_socket(composed: Config) -> None:
    having = [
        name
        for name, one in services(composed).items()
        for volume in one.get("volumes", ())
        if str(volume.get("source", "")).endswith("docker.sock")
    ]
    assert having == ["docker-filter"]


def test_images_are_pinned(composed: Config) -> None:
    for name, one in services(composed).items():
        image = one["image"]
        assert re.search(r":[A-Za-z]*\.?\d[\w.-]*(@sha256:[0-9a-f]{64})?$", image), (name, image)
    images = {one["image"].partition("@")[0] for one in services(composed).values()}
    assert "redis:7-alpine" in images
    assert f"a6hub-backend:{__version__}" in images


def test_all_that_goes_on_has_a_health_check(composed: Config) -> None:
    """Its own, or that of the image that is built here."""
    for name, one in services(composed).items():
        if name in ONE_SHOT:
            assert one["restart"] == "no", name
        else:
            assert one["restart"] == "unless-stopped", name
            assert "test" in one.get("healthcheck", {}) or is_ours(one), name


def test_who_needs_something_waits_until_it_is_well(composed: Config) -> None:
    for name, one in services(composed).items():
        for other, how in one.get("depends_on", {}).items():
            ends = "completed_successfully" if other in ONE_SHOT else "healthy"
            assert how["condition"] == f"service_{ends}", (name, other)
    for name in ("backend", "celery-worker"):
        waits = set(services(composed)[name]["depends_on"])
        assert {"migrate", "redis", "minio-bucket"} <= waits


def test_redis_checks_itself_as_the_guide_does_and_keeps_what_it_has(composed: Config) -> None:
    redis = services(composed)["redis"]
    assert "redis-cli ping" in redis["healthcheck"]["test"][-1]
    assert any(volume["target"] == "/data" for volume in redis["volumes"])
    script = (BACKEND / "redis-config" / "redis.sh").read_text()
    for words in ("appendonly yes", "maxmemory-policy noeviction", "requirepass"):
        assert words in script


def test_no_secret_is_in_an_environment_or_on_a_command_line(composed: Config) -> None:
    secret = re.compile(r"(password|secret|token|access_key|auth)$", re.IGNORECASE)
    for name, one in services(composed).items():
        for key, value in one.get("environment", {}).items():
            assert not secret.search(key) or value.startswith("/run/secrets/"), (name, key)
        assert "requirepass" not in str(one.get("command"))
        assert not re.search(r"\bmc .*secrets", str(one.get("command"))), name
    files = {Path(one["file"]).parent.name for one in composed["secrets"].values()}
    assert files == {"secrets"}


def test_workers_can_be_many(composed: Config) -> None:
    """`--scale celery-worker=3`: nothing of a worker's is one for all."""
    worker = services(composed)["celery-worker"]
    assert "ports" not in worker
    assert not any("container_name" in one for one in services(composed).values())


@pytest.mark.parametrize("places", ["--concurrency=2", "--autoscale=10,3"])
def test_a_worker_starts_as_the_guide_says(
    read_compose: Callable[..., Config], places: str
) -> None:
    command = services(read_compose(CELERY_PLACES=places))["celery-worker"]["command"]
    start = "celery -A app.workers.celery_app worker --loglevel=info --queues=build,simulation"
    assert shlex.join(command).startswith(f"{start} {places}")


def test_flower_starts_as_the_guide_says_and_changes_nothing(composed: Config) -> None:
    viewer, admin = (services(composed)[name] for name in ("flower", "flower-admin"))
    for one in (viewer, admin):
        assert shlex.join(one["command"]) == "celery -A app.workers.celery_app flower --port=5555"
    assert viewer["environment"]["FLOWER_READ_ONLY"] == "true"
    assert "FLOWER_READ_ONLY" not in admin["environment"]


def test_worker_and_filter_agree_on_jobs(composed: Config) -> None:
    worker, keeper = (
        services(composed)[name]["environment"] for name in ("celery-worker", "docker-filter")
    )
    shared = [
        name for name in worker if name.startswith(("A6HUB_DOCKER", "A6HUB_JOB", "A6HUB_EXEC"))
    ]
    assert len(shared) > 8
    assert {name: keeper[name] for name in shared} == {name: worker[name] for name in shared}


def known_names() -> set[str]:
    return {
        str(alias)
        for field in Settings.model_fields.values()
        for alias in getattr(field.validation_alias, "choices", [field.validation_alias])
    }


#: Names that others than our settings read.
_OTHERS = "SECRETS_DIR|FLOWER_|FORWARDED_|OTEL_TRACES_SAMPLER"


@pytest.mark.parametrize("name", ["migrate", "backend", "celery-worker", "flower", "flower-admin"])
def test_settings_and_secrets_are_known_and_right(
    composed: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Each name is one that the settings have, and all are taken together."""
    service = services(composed)[name]
    targets = {Path(one.get("target", one["source"])).name for one in service["secrets"]}
    for key, value in service["environment"].items():
        assert key in known_names() or re.match(_OTHERS, key), key
        monkeypatch.setenv(key, value)
    for target in targets:
        assert target.upper() in known_names(), target
        (tmp_path / target).write_text("secret")
    settings = Settings(_env_file=None, _secrets_dir=tmp_path)
    assert (":secret@" in settings.database) == ("database_password" in targets)
    assert (":secret@" in settings.broker_url) == ("redis_password" in targets)


def test_without_images_for_jobs_it_says_what_to_do(compose_program: Path) -> None:
    done = run_compose(compose_program, "config", "--quiet", images="")
    assert done.returncode != 0
    assert "name in .env the images that jobs run in" in done.stderr


def test_defaults_of_limits_are_the_settings_own() -> None:
    """Or a limit would depend on how a6hub is started."""
    text = (BACKEND / "docker-compose.yml").read_text()
    used = dict(re.findall(r"\$\{(A6HUB_[A-Z0-9_]+):-(\d+)\}", text))
    fields = {
        name: field.default
        for field in Settings.model_fields.values()
        for name in map(str, getattr(field.validation_alias, "choices", [field.validation_alias]))
    }
    assert len(used) > 15
    assert {name: float(value) for name, value in used.items()} == {
        name: fields[name] for name in used
    }


def test_each_quota_of_the_docs_can_be_set_in_env(read_compose: Callable[..., Config]) -> None:
    page = (BACKEND.parent / "docs" / "operate-safely.md").read_text()
    table = page.partition("## Quotas")[2].partition("Uploads wait")[0]
    names = re.findall(r"`([A-Z][A-Z0-9_]+)`", table)
    assert len(names) > 12
    given = services(read_compose(**dict.fromkeys(names, "77")))
    found = given["backend"]["environment"] | given["celery-worker"]["environment"]
    assert {name: found.get(name) for name in names} == dict.fromkeys(names, "77")


def test_the_example_of_settings_shows_the_defaults() -> None:
    """Each is used by the compose file, with just this default."""
    text = (BACKEND / "docker-compose.yml").read_text()
    example = (BACKEND / ".env.example").read_text()
    shown = dict(re.findall(r"^#([A-Z][A-Z0-9_]*)=(.*)$", example, re.MULTILINE))
    used = dict(re.findall(r"\$\{([A-Z0-9_]+):?-([^}]*)\}", text))
    assert shown.pop("COMPOSE_PROFILES") == ""  # Compose's own
    for name, value in shown.items():
        assert name in used, name
        if name != "REDIS_SENTINELS":
            assert used[name] == value, name
    assert set(used) - set(shown) == {"A6HUB_VERSION"}
