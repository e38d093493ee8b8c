"""The page of all settings."""

import inspect
from typing import Any

from pydantic import AliasChoices, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from app.core.settings import Settings
from app.core.settings.group import Group
from reference.markdown import NOTE, code, table

_INTRO = """\
# Settings

Each is an environment variable, or a line of a file `.env` in the folder where a process starts. An empty value means
the default. A wrong value ends the process at its start, with the setting's name and what is allowed.

*Secrets* can be files instead: `SECRETS_DIR` names a folder, in which a file has the setting's name in small letters
(`redis_password`, `a6hub_metrics_token`). Prefer that to the environment, which child processes inherit.

Times are in seconds and sizes in bytes unless the name says otherwise. All processes of one a6hub need the same
values but for what differs by machine; *read by* says which look at a setting at all. `docker-compose.yml` takes
the same names from [`.env.example`](../../backend/.env.example), and a few of its own that are told there.
"""
_HEADS = ("name", "default", "what it is", "read by")
_UNITS = ((1 << 30, "GiB"), (1 << 20, "MiB"))


def page() -> str:
    """Return the page in Markdown."""
    parts = [NOTE + _INTRO]
    for title, names in _sections().items():
        rows = (_row(name, Settings.model_fields[name]) for name in names)
        parts.append(f"## {title}\n\n{table(_HEADS, rows)}")
    return "\n".join(parts)


def _sections() -> dict[str, list[str]]:
    """Return the names of the fields by the section that their groups name."""
    sections: dict[str, list[str]] = {}
    for group in reversed(Settings.__mro__):
        own = [name for name in inspect.get_annotations(group) if name in Settings.model_fields]
        if own and issubclass(group, Group):
            sections.setdefault(group.section, []).extend(own)
    return sections


def _row(name: str, field: FieldInfo) -> tuple[str, ...]:
    extra: Any = field.json_schema_extra or {}
    secret = "Secret. " if SecretStr.__name__ in str(field.annotation) else ""
    words = f"{secret}{field.description}"
    return code(variable(name)), _default(name, field), words, _readers(extra)


def _readers(extra: dict[str, str]) -> str:
    return extra.get("read_by", "all")


def variable(name: str) -> str:
    """Return the environment variable of a field, with its prefix if it has one."""
    alias = Settings.model_fields[name].validation_alias
    found = alias.choices[0] if isinstance(alias, AliasChoices) else alias
    return str(found)


def _default(name: str, field: FieldInfo) -> str:
    value = field.default
    if value in (None, PydanticUndefined, "", (), {}):
        return ""
    if isinstance(value, bool):
        return code(int(value))
    if name.endswith("_bytes"):
        return f"{code(value)} ({_size(value)})"
    return code(f"{value:g}" if isinstance(value, float) else value)


def _size(value: int) -> str:
    return next(f"{value // unit} {name}" for unit, name in _UNITS if value % unit == 0)
