"""The page of the command line."""

from pathlib import Path
from typing import Any

from typer.main import get_command

from app.cli.__main__ import COMMANDS, command_line
from reference.markdown import NOTE, code, one_line, table

_INTRO = """\
# Command line

`./a6hub COMMAND` sets up what the command needs (below `.a6hub`, or `$A6HUB_HOME`) and does it. In the images, and in
an environment that is set up already, `python -m app.cli COMMAND` is the same. Each command takes `--help`. `./a6hub
lock`, which is not below, resolves the Python dependencies anew.

Commands look for their a6hub where the [settings](settings.md) say. `build`, `pin` and `delete` alone speak to the API, so they can be
used from any machine: `A6HUB_URL`, and `A6HUB_TOKEN` or `A6HUB_USERNAME` and `A6HUB_PASSWORD`, say where and as whom.
"""
_OPTIONS = ("option", "default", "what it does")
_KINDS = {str: "TEXT", int: "N", float: "N", Path: "PATH"}
_ARGUMENTS = ("argument", "what it is")


def page() -> str:
    """Return the page in Markdown."""
    group: Any = get_command(command_line(COMMANDS))
    parts = [NOTE + _INTRO]
    for name, command in group.commands.items():
        parts += _command(name, command)
    return "\n".join(parts)


def _command(name: str, command: Any) -> list[str]:
    """Return the section of a command, and those of commands that it has itself."""
    below = getattr(command, "commands", {})
    if below:
        words = [f"## {name}\n\n{_paragraphs(command.help)}\n"]
        return words + [part for one in below for part in _command(f"{name} {one}", below[one])]
    shown = [one for one in command.params if not getattr(one, "hidden", False)]
    arguments = [one for one in shown if one.param_type_name == "argument"]
    options = [one for one in shown if one.param_type_name == "option"]
    words = [name, *(["[OPTIONS]"] if options else []), *map(_metavar, arguments)]
    level = "###" if " " in name else "##"
    parts = [
        f"{level} {name}\n",
        f"    ./a6hub {' '.join(words)}\n",
        _paragraphs(command.help) + "\n",
        table(_ARGUMENTS, ((code(_metavar(one)), _help(one)) for one in arguments if _help(one))),
        table(_OPTIONS, (_option(one) for one in options)),
    ]
    return [part for part in parts if part]


def _paragraphs(text: str | None) -> str:
    return "\n\n".join(one_line(part) for part in (text or "").split("\n\n"))


def _metavar(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _help(parameter: Any) -> str:
    return one_line(parameter.help)


def _kind(option: Any) -> str:
    annotation = option.type_descriptor.annotation
    return _KINDS.get(annotation, getattr(annotation, "__name__", "VALUE").upper())


def _option(option: Any) -> tuple[str, str, str]:
    names = ", ".join(code(name) for name in [*option.opts, *option.secondary_opts])
    value = "" if option.is_flag else f" {code(option.metavar or _kind(option))}"
    default = option.default
    told = "" if option.is_flag or default in (None, "", 0) else code(default)
    return f"{names}{value}", told, _help(option)
