import os
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import Settings
from app.toolchains.base import BadInputError
from app.toolchains.librelane.equipment import Equipment

DIGEST = "sha256:" + "0" * 64
VERSION = "8afc8346a57fe1ab7934ba5a6056ea8b43078e71"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    version = tmp_path / "pdk" / "ciel" / "sky130" / "versions" / VERSION
    (version / "sky130A" / "libs.tech").mkdir(parents=True)
    return tmp_path / "pdk"


def _settings(root: Path | None, **given: Any) -> Settings:
    images = {"default": f"ghcr.io/librelane/librelane@{DIGEST}"}
    return Settings(executor="docker", docker_images=images, pdk_root=root, **given)


def test_what_has_to_be_the_same_is_said_in_few_words(root: Path) -> None:
    equipment = Equipment.of(_settings(root), {"flow": "Classic", "pdk": "sky130"})
    assert equipment.in_words() == f"image {DIGEST}, sky130A {VERSION}"
    assert len(equipment.in_words()) <= 255


def test_the_command_names_the_version_and_sees_it_alone(root: Path) -> None:
    equipment = Equipment.of(_settings(root), {"flow": "Classic", "pdk_version": VERSION[:6]})
    version = str(root / "ciel" / "sky130" / "versions" / VERSION)
    assert equipment.command == (
        *("librelane", "--manual-pdk", "--pdk-root", version, "--pdk", "sky130A"),
    )
    assert [str(mount.source) for mount in equipment.mounts] == [version]


@pytest.mark.parametrize(("cpus", "threads"), [(0.4, 1), (1, 1), (1e6, os.cpu_count())])
def test_a_container_begins_no_more_threads_than_it_has_processors(
    root: Path, cpus: float, threads: int
) -> None:
    settings = _settings(root, docker_cpus=cpus)
    environment = Equipment.of(settings, {"flow": "Classic"}).environment
    assert environment["_OPENLANE_MAX_CORES"] == str(threads)


def test_without_a_pdk_root() -> None:
    with pytest.raises(BadInputError, match="A6HUB_PDK_ROOT"):
        Equipment.of(_settings(None), {"flow": "Classic"})
