"""The compose file as a real Compose 2 reads it."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bootstrap import compose

from app.cli.stack import BACKEND

IMAGE = f"icarus=sha256:{'a' * 64}"
Config = dict[str, Any]


@pytest.fixture(scope="session")
def compose_program() -> Path:
    program = compose.program()
    if program is None and not os.environ.get("CI"):
        pytest.skip("Docker Compose 2 is not here: ./a6hub test fetches it")
    assert program is not None
    return program


@pytest.fixture(scope="session")
def read_compose(compose_program: Path) -> Callable[..., Config]:
    """Return what Compose makes of the file, with settings of one's own; all profiles."""

    def read(**settings: str) -> Config:
        done = run_compose(compose_program, "config", "--format", "json", **settings)
        assert (done.returncode, done.stderr) == (0, "")
        found: Config = json.loads(done.stdout)
        return found

    return read


@pytest.fixture(scope="session")
def composed(read_compose: Callable[..., Config]) -> Config:
    return read_compose()


def run_compose(
    program: Path, *words: str, images: str = IMAGE, **settings: str
) -> "subprocess.CompletedProcess[str]":
    command: list[str | Path] = [
        program,
        "--env-file",
        ".env.example",
        "--file",
        "docker-compose.yml",
    ]
    known: dict[str, str] = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    return subprocess.run(
        [*command, "--profile", "*", *words],
        cwd=BACKEND,
        env={**known, "A6HUB_DOCKER_IMAGES": images, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
