"""Files and tests that the pages name are there."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from app.cli.stack import BACKEND
from tests.docs.pages import ROOT, code, pages, why_broken

#: A path with a folder of ours at its beginning.
_PATH = re.compile(r"(?:app|backend|tests|docs|bootstrap|scripts|offline_flow|deploy)/[\w./-]*\w")
_TEST = re.compile(r"\btest_\w+")
_NAMED = re.compile(r"\bdocs/[\w/-]+\.md(?:#[\w-]+)?")
_SOURCES = (".py", ".yml", ".sh", ".example", ".conf", "Dockerfile", "Dockerfile.worker", ".toml")
_BELOW = (ROOT, BACKEND, BACKEND / "tests", ROOT / "offline_flow")


@cache
def _tests() -> set[str]:
    """Return the names of all tests, and of the files that they are in."""
    files = [*(BACKEND / "tests").rglob("*.py"), *(ROOT / "offline_flow").rglob("test_*.py")]
    found = {file.stem for file in files}
    for file in files:
        found |= set(re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE))
    return found


def _is_there(name: str) -> bool:
    return any((below / name).exists() for below in _BELOW)


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_files_are_there(page: Path) -> None:
    words = [word for piece in code(page) for word in piece.split()]
    named = {word for word in words if _PATH.fullmatch(word)}
    assert {name for name in named if not _is_there(name)} == set()


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_tests_are_there(page: Path) -> None:
    named = {name for piece in code(page) for name in _TEST.findall(piece)}
    assert named - _tests() == set()


def test_pages_that_the_code_names_are_there() -> None:
    """In messages, comments and alerts."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    sources = [ROOT / name for name in listed.stdout.splitlines() if name.endswith(_SOURCES)]
    named = {page for file in sources if file.exists() for page in _NAMED.findall(file.read_text())}
    assert len(named) > 15
    broken = {page: why for page in named if (why := why_broken(ROOT / "README.md", page))}
    assert broken == {}


def test_what_is_not_there_is_found() -> None:
    assert sum(1 for page in pages() for piece in code(page) if _PATH.match(piece)) > 30
    assert not _is_there("app/jobs/nothing.py")
    assert "test_of_a_unicorn" not in _tests()
