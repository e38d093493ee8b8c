"""The images: their Dockerfiles read. They are built and started in test_stack_up."""

import re

import pytest

from app import __version__
from app.cli.stack import BACKEND

NAMES = ["Dockerfile", "Dockerfile.worker"]
STARTED = "10001:10001"


def lines(name: str) -> list[str]:
    """Return a Dockerfile's instructions, each on one line."""
    text = re.sub(r"(?m)^#.*\n", "", (BACKEND / name).read_text())
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]


@pytest.mark.parametrize("name", NAMES)
def test_a_dockerfile_keeps_the_rules(name: str) -> None:
    found = lines(name)
    words = [line.split()[0] for line in found]
    assert [line for line in found if line.startswith("FROM")] == [
        "FROM ${BASE} AS packages",
        "FROM ${BASE}",
    ]
    assert re.fullmatch(r"ARG BASE=python:3\.11-slim-bookworm@sha256:[0-9a-f]{64}", found[0])
    assert f"ARG VERSION={__version__}" in found
    assert found[words.index("USER")] == f"USER {STARTED}"
    assert "ADD" not in words
    assert "HEALTHCHECK" in words
    assert words.index("USER") < words.index("CMD")
    assert any("--require-hashes" in line for line in found)
    assert not re.search(r"curl|wget|apt-get|sudo|latest", "\n".join(found))


def test_both_install_in_the_same_way() -> None:
    """So that an engine makes that stage once."""
    stages = [(BACKEND / name).read_text().partition("FROM ${BASE}\n")[0] for name in NAMES]
    first, second = (text[text.index("ARG BASE") :] for text in stages)
    assert first == second


def test_the_context_is_no_more_than_what_is_copied() -> None:
    allowed = (BACKEND / ".dockerignore").read_text().split()
    copied = {
        word.rstrip("*")
        for name in NAMES
        for line in lines(name)
        if line.startswith("COPY") and "--from" not in line
        for word in line.split()[1:-1]
    }
    assert "*" in allowed
    assert {word[1:] for word in allowed if word.startswith("!")} == copied
