"""`./a6hub images`, with a real registry."""

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from app.cli.images import images
from app.executors.registry import make_executor
from tests.cli.calling import call
from tests.executors.conftest import EngineWithImage
from tests.executors.image import make_image
from tests.executors.registry import is_installed, running_registry
from tests.executors.runs import environment, make_command, run


def _a6hub_images(engine: EngineWithImage, action: str, folder: Path, **allowed: str) -> Result:
    settings = engine.settings(folder, docker_images=allowed)
    cli = typer.Typer()
    cli.command()(images)
    return CliRunner().invoke(cli, [action], env=environment(settings))


@dataclass(frozen=True)
class Published:
    """An image that the registry has and the engine has not."""

    reference: str  # by its digest
    address: str


@pytest.fixture
def published(engine: EngineWithImage, tmp_path: Path) -> Iterator[Published]:
    if not is_installed() and not os.environ.get("CI"):
        pytest.skip("docker-registry is not installed: apt-get install docker-registry")
    with running_registry(tmp_path) as address, closing(engine.engine.client()) as client:
        name = f"{address}/tools"
        # Other than the engine's own image: that one is kept.
        image = make_image(client, changes=["ENV PUBLISHED=1"])
        client.tag(image, name, "1")
        client.push(name, "1")
        [reference] = client.inspect_image(image)["RepoDigests"]
        client.remove_image(image, force=True)
        yield Published(reference, address)


def test_pull_fetches_what_is_allowed(
    engine: EngineWithImage, published: Published, tmp_path: Path
) -> None:
    settings = engine.settings(tmp_path / "d", docker_images={"default": published.reference})
    executor = make_executor(settings)
    (tmp_path / "job").mkdir()
    command = make_command(tmp_path / "job", ("true",))
    assert "images pull" in run(executor, command).message
    assert (
        "✗ default" in _a6hub_images(engine, "list", tmp_path, default=published.reference).output
    )
    pulled = _a6hub_images(engine, "pull", tmp_path, default=published.reference)
    assert (pulled.exit_code, "✓ default" in pulled.output) == (0, True)
    assert (
        "✓ default" in _a6hub_images(engine, "list", tmp_path, default=published.reference).output
    )
    assert run(executor, command).ok


def test_pull_of_what_the_registry_has_not(
    engine: EngineWithImage, published: Published, tmp_path: Path
) -> None:
    wrong = f"{published.address}/tools@sha256:{'0' * 64}"
    pulled = _a6hub_images(engine, "pull", tmp_path, default=wrong)
    assert pulled.exit_code == 1
    assert "refuses" in pulled.output or "was not fetched" in pulled.output


def test_pull_of_an_image_without_a_registry(engine: EngineWithImage, tmp_path: Path) -> None:
    missing = "sha256:" + "0" * 64
    pulled = _a6hub_images(engine, "pull", tmp_path, default=missing)
    assert pulled.exit_code == 1
    assert "has no registry" in pulled.output
    there = _a6hub_images(engine, "pull", tmp_path, default=engine.image)
    assert there.exit_code == 0


def test_list_names_a_wrong_setting(engine: EngineWithImage, tmp_path: Path) -> None:
    right = environment(engine.settings(tmp_path))
    done = call(right | {"A6HUB_DOCKER_IMAGES": "debian:12"}, "images", "list")
    assert done.returncode == 1
    assert done.stderr.startswith("A6HUB_DOCKER_IMAGES: Value error, 'debian:12' names no pinned")
