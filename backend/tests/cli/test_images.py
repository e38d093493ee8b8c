"""`./a6hub images`, where there is no engine or no LibreLane."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from app.cli.images import images


@pytest.fixture
def command() -> typer.Typer:
    cli = typer.Typer()
    cli.command()(images)
    return cli


@pytest.mark.parametrize(
    ("python", "words"),
    [("", "There is no LibreLane here"), ("flow/bin/python", "/nowhere/docker.sock")],
)
def test_image_of_the_flow_that_cannot_be_made(
    command: typer.Typer, tmp_path: Path, python: str, words: str
) -> None:
    env = {
        "A6HUB_DOCKER_HOST": "unix:///nowhere/docker.sock",
        "A6HUB_EXECUTOR": "docker",  # and no image yet
        "A6HUB_LIBRELANE": "image",
        "A6HUB_FLOW_PYTHON": python and str(tmp_path / python),
    }
    done = CliRunner().invoke(command, ["build-flow"], env=env)
    assert (done.exit_code, words in done.output) == (1, True), done.output
