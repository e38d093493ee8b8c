"""docs/security.md: each attack in its table names a test that there is."""

import ast
import re
from functools import cache
from pathlib import Path

from app.cli.stack import BACKEND

_PAGE = BACKEND.parent / "docs" / "security.md"
_ROW = re.compile(r"^\| (\d+) \| (.+) \| (.+) \| `(\w+)::(\w+)` \|$")


@cache
def _tests(folder: str) -> set[str]:
    """The names of the tests in the files below a folder of tests."""
    found: set[str] = set()
    for file in (Path(__file__).parent / folder).rglob("test_*.py"):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found.add(node.name)
    return found


def _rows() -> list[tuple[str, ...]]:
    matches = map(_ROW.match, _PAGE.read_text().splitlines())
    return [match.groups() for match in matches if match]


def test_each_attack_has_a_test() -> None:
    missing = [f"{folder}::{name}" for *_, folder, name in _rows() if name not in _tests(folder)]
    assert missing == []


def test_there_are_many_and_none_is_there_twice() -> None:
    rows = _rows()
    assert [int(number) for number, *_ in rows] == list(range(1, len(rows) + 1))
    assert len(rows) >= 60
    assert len({attack for _, attack, *_ in rows}) == len(rows)


def test_every_row_is_looked_at() -> None:
    """A row that the pattern does not know would name a test that nobody looks for."""
    numbered = re.findall(r"^\| \d+ \|", _PAGE.read_text(), re.MULTILINE)
    assert len(numbered) == len(_rows())
