"""Commands and settings that the pages name are there."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from app.cli.__main__ import COMMANDS, command_line
from app.cli.stack import BACKEND
from app.core.settings import Settings
from reference.settings import variable
from tests.docs.pages import ROOT, code, pages

_CALL = re.compile(r"(?:\./a6hub|python -m app\.cli) +(.*)")
#: Done by the launcher, before there is an environment.
_LAUNCHER = {"lock", "COMMAND", "--help"}
_SETTING = re.compile(r"\b(?:A6HUB|REDIS|CELERY|S3|MAX|FLOWER|WORKER|PROMETHEUS)_[A-Z0-9_]+\b")
#: Where names are that are no settings of the service: of the compose file, of set-up, of commands.
_OTHERS = (
    *("docker-compose.yml", ".env.example", "scripts", "monitoring", "redis-config"),
    *("app/cli", "app/toolchains/librelane", "tests/cli", "../bootstrap", "Dockerfile"),
)


@cache
def _commands() -> Any:
    return get_command(command_line(COMMANDS))


def _words(call: str) -> list[str]:
    """Return the words of a call, up to a comment, a pipe or the next column of a list."""
    call = re.split(r"\s{2,}|\s#|[|;&>]| \[|\.\.\.|`", call.replace("'", ""))[0]
    return shlex.split(call)


def _why_not(words: list[str]) -> str | None:
    """Return why the command line would not know this call."""
    if not words or words[0] in _LAUNCHER:
        return None
    command, rest = _commands().commands.get(words[0]), words[1:]
    while rest and hasattr(command, "commands"):
        command, rest = command.commands.get(rest[0]), rest[1:]
    if command is None:
        return "no such command"
    options = [word.partition("=")[0] for word in rest if word.startswith("-")]
    known = {name for one in command.params for name in one.opts} | {"--help"}
    if hasattr(command, "commands") or command.context_settings.get("ignore_unknown_options"):
        return None
    arguments = sum(1 for one in command.params if one.param_type_name == "argument")
    flags = {name for one in command.params if getattr(one, "is_flag", True) for name in one.opts}
    valued = sum(1 for word in options if word not in flags and "=" not in word)
    plain = sum(1 for word in rest if not word.startswith("-")) - valued
    unknown = [word for word in options if word not in known]
    return f"no {unknown}" if unknown else "too many words" if plain > arguments else None


def _calls(page: Path) -> Iterator[list[str]]:
    for line in code(page):
        for match in _CALL.finditer(line):
            yield _words(match[1])


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_are_there(page: Path) -> None:
    wrong = {" ".join(words): why for words in _calls(page) if (why := _why_not(words))}
    assert wrong == {}


def test_what_is_not_there_is_found() -> None:
    assert sum(1 for page in pages() for _ in _calls(page)) > 100
    assert _why_not(["bulid"]) == "no such command"
    assert _why_not(["pdk", "fetch"]) == "no such command"
    assert _why_not(["up", "--prot", "80"]) == "no ['--prot']"
    assert _why_not(["workers", "all"]) == "too many words"
    assert _why_not(["up", "--port", "80"]) is None


@cache
def _names() -> set[str]:
    """Return all names of settings that there are."""
    own = {variable(name) for name in Settings.model_fields}
    places = [BACKEND / place for place in _OTHERS]
    files = [f for place in places for f in ([place] if place.is_file() else place.rglob("*"))]
    sources = [f for f in files if f.is_file() and f.suffix not in (".pyc", ".png")]
    return own | {name for file in sources for name in _SETTING.findall(file.read_text())}


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_settings_are_there(page: Path) -> None:
    named = set(_SETTING.findall(page.read_text()))
    assert {name for name in named - _names() if not name.endswith("_")} == set()


def test_the_example_of_settings_shows_their_defaults() -> None:
    example = (BACKEND / ".env.example").read_text()
    shown = dict(re.findall(r"^#(\w+)=(\d+)$", example, re.MULTILINE))
    defaults = {variable(name): one.default for name, one in Settings.model_fields.items()}
    ours = {name: float(value) for name, value in shown.items() if name in defaults}
    assert len(ours) > 8
    assert ours == {name: defaults[name] for name in ours}
