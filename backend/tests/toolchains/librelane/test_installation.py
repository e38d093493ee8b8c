from pathlib import Path

import pytest

from app.core.settings import Settings
from app.toolchains.base import BadInputError
from app.toolchains.librelane.environment import InEnvironment, program_version
from app.toolchains.librelane.image import InImage
from app.toolchains.librelane.installation import find_installation

DIGEST = "sha256:" + "0" * 64
IMAGES = {"librelane": f"ghcr.io/librelane/librelane@{DIGEST}"}


@pytest.fixture
def python(tmp_path: Path) -> Path:
    python = tmp_path / "flow" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    return python


@pytest.fixture
def packages(python: Path) -> Path:
    packages = python.parents[1] / "lib" / "python3.11" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "librelane-3.0.17.dist-info").mkdir()
    return packages


def _settings(way: str, python: Path | None = None, executor: str = "docker") -> Settings:
    return Settings.model_validate(
        {"executor": executor, "docker_images": IMAGES, "flow_python": python, "librelane": way}
    )


@pytest.mark.parametrize(
    ("way", "executor", "kind"),
    [
        ("auto", "docker", InEnvironment),
        ("auto", "bubblewrap", InEnvironment),
        ("environment", "docker", InEnvironment),
        ("image", "docker", InImage),
    ],
)
def test_with_an_environment(way: str, executor: str, kind: type, python: Path) -> None:
    assert isinstance(find_installation(_settings(way, python, executor)), kind)


def test_an_environment_that_is_shown_in_an_image(python: Path, packages: Path) -> None:
    """What it rests on is the image's."""
    found = find_installation(_settings("auto", python)).identity()
    assert (found["librelane"], found["image"]) == ("3.0.17", DIGEST)
    assert "image" not in find_installation(_settings("auto", python, "bubblewrap")).identity()


@pytest.mark.parametrize("way", ["auto", "image"])
def test_in_an_image(way: str) -> None:
    found = find_installation(_settings(way))
    assert found.program == ("librelane",)
    assert found.identity() == {"image": DIGEST}
    assert found.mounts() == ()
    assert "PATH" not in found.environment()  # it is the image's


@pytest.mark.parametrize(("way", "executor"), [("environment", "docker"), ("auto", "bubblewrap")])
def test_none(way: str, executor: str) -> None:
    with pytest.raises(BadInputError, match="A6HUB_FLOW_PYTHON"):
        find_installation(_settings(way, executor=executor))


def test_environment_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="does not exist"):
        find_installation(_settings("auto", tmp_path / "python"))


def test_image_without_containers() -> None:
    with pytest.raises(ValueError, match="A6HUB_EXECUTOR=docker"):
        _settings("image", executor="bubblewrap")


def test_what_a_job_sees_of_an_environment(tmp_path: Path, python: Path, packages: Path) -> None:
    home = tmp_path / "pythons" / "3.11"
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "python3").touch()
    python.unlink()
    python.symlink_to(home / "bin" / "python3")
    (tmp_path / "flow" / "pyvenv.cfg").write_text(f"home = {home / 'bin'}\n")
    plugin = tmp_path / "plugin"
    plugin.mkdir()
    (packages / "plugin.pth").write_text(f"{plugin}\nimport os\n")
    mounts = InEnvironment(python).mounts()
    assert {mount.source for mount in mounts} == {home, plugin, tmp_path / "flow"}
    assert not any(mount.writable for mount in mounts)


def test_interpreter_of_the_system_needs_no_mount(tmp_path: Path, python: Path) -> None:
    python.unlink()
    python.symlink_to("/usr/bin/env")
    assert {mount.source for mount in InEnvironment(python).mounts()} == {tmp_path / "flow"}


def test_identity_changes_with_packages_and_linked_plugins(
    tmp_path: Path, python: Path, packages: Path
) -> None:
    source = tmp_path / "source" / "librelane_plugin_mine" / "steps.py"
    source.parent.mkdir(parents=True)
    source.write_text("one")
    (packages / "plugin.pth").write_text(f"{tmp_path / 'source'}\n")
    found = [InEnvironment(python).identity()]
    source.write_text("two")
    found.append(InEnvironment(python).identity())
    (packages / "numba-0.68.dist-info").mkdir()
    found.append(InEnvironment(python).identity())
    assert [identity["librelane"] for identity in found] == ["3.0.17"] * 3
    assert len({identity["environment"] for identity in found}) == 3
    assert InEnvironment(python).identity() == found[-1]


def test_identity_changes_with_the_versions_of_programs_beside_it(tmp_path: Path) -> None:
    python = tmp_path / "flow" / "bin" / "python"
    python.parent.mkdir(parents=True)
    found = []
    for version in ("OpenROAD v2.0-1", "OpenROAD v2.0-22"):
        program = python.parent / "openroad"
        program.write_text(f"#!/bin/sh\n[ $1 = -version ] && echo '{version}'\n")
        program.chmod(0o755)
        assert program_version(("openroad", "-version"), str(python.parent)) == (
            "openroad",
            version,
        )
        found.append(InEnvironment(python).identity()["programs"])
    assert found[0] != found[1]
    assert program_version(("no-such-program",), str(python.parent)) is None
