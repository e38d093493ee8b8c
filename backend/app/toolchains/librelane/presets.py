"""Presets: sets of variables to begin a build's config with (see presets.toml)."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.toolchains.base import BadInputError


@dataclass(frozen=True)
class Setting:
    """A variable's value in a preset, and why it is this."""

    value: Any
    why: str


@dataclass(frozen=True)
class Preset:
    """A set of variables, for what `summary` says."""

    name: str
    summary: str
    settings: Mapping[str, Setting]

    def variables(self, known: Collection[str] | None = None) -> dict[str, Any]:
        """Return the values by name; of those `known` where that is given."""
        return {
            name: setting.value
            for name, setting in self.settings.items()
            if known is None or name in known
        }


def _read() -> dict[str, Preset]:
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    return {name: _preset(name, entry) for name, entry in tomllib.loads(text).items()}


def _preset(name: str, entry: dict[str, Any]) -> Preset:
    settings = {key: Setting(value, why) for key, (value, why) in entry["variables"].items()}
    return Preset(name, entry["summary"], settings)


PRESETS = _read()


def preset_name(field: str, value: Any) -> str | None:
    """Check the name of a preset, which need not be given. Raises BadInputError."""
    if value is not None and (not isinstance(value, str) or value not in PRESETS):
        known = ", ".join(PRESETS)
        raise BadInputError(field, f"{str(value)[:100]!r} is no preset; there are: {known}.")
    return value


def preset_variables(name: str | None, known: Collection[str] | None = None) -> dict[str, Any]:
    """Return the variables of a preset that a config may name; see Preset.variables."""
    return PRESETS[name].variables(known) if name else {}
