"""A job's own config: its keys, and that nothing in it does harm."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.toolchains import names
from app.toolchains.base import BadInputError
from app.toolchains.librelane.config_file import find_config_file
from app.toolchains.librelane.pdks import is_word
from app.toolchains.librelane.presets import preset_name
from app.toolchains.librelane.project_files import ProjectFiles
from app.toolchains.librelane.values import check_variables, is_variable, name_project_files

#: Of a job's config, besides variables.
KEYS = (
    *("flow", "preset", "pdk", "pdk_version", "from", "to", "keep"),
    *("design_name", "config_file", "variables"),
)
_KEPT = ("final", "all")
_STEP = re.compile(r"[A-Za-z0-9_]{1,80}\.[A-Za-z0-9_.-]{1,100}")


def own_config(config: Mapping[str, Any], paths: Sequence[str]) -> dict[str, Any]:
    """Return a job's own config with all keys; nothing in it does harm. Raises BadInputError."""
    own = {key: value for key, value in config.items() if not is_variable(str(key))}
    names.known_keys(own, KEYS)
    variables = check_variables("config", _variables(config))
    return {
        "flow": _word("flow", config.get("flow")),
        "preset": preset_name("config.preset", config.get("preset")),
        "pdk": _word("pdk", config.get("pdk")),
        "pdk_version": _word("pdk_version", config.get("pdk_version")),
        "config_file": find_config_file(config.get("config_file"), paths),
        "variables": name_project_files(variables, ProjectFiles(paths)),
        **{key: _step(key, config.get(key)) for key in ("from", "to")},
        "keep": _keep(config.get("keep")),
    }


def _keep(value: Any) -> str:
    """Check which files are to be artifacts: the final views and what people read, or all."""
    if value not in (None, *_KEPT):
        raise BadInputError("config.keep", f"{str(value)[:100]!r} is not one of {_KEPT}.")
    return value or _KEPT[0]


def _variables(config: Mapping[str, Any]) -> dict[str, Any]:
    given = {} if config.get("variables") is None else config["variables"]
    if not isinstance(given, Mapping):
        raise BadInputError("config.variables", "Give a mapping of LibreLane's variables.")
    variables = dict(given) | {key: value for key, value in config.items() if is_variable(key)}
    if config.get("design_name") is not None:
        variables["DESIGN_NAME"] = config["design_name"]
    return variables


def _word(key: str, value: Any) -> str | None:
    """Check the name of a flow, or what names a PDK."""
    if value is not None and not is_word(value):
        why = f"{str(value)[:100]!r} is no name: letters, digits, and . _ + - within."
        raise BadInputError(f"config.{key}", why)
    return None if value is None else str(value)


def _step(key: str, value: Any) -> str | None:
    if value is not None and not (isinstance(value, str) and _STEP.fullmatch(value)):
        raise BadInputError(f"config.{key}", "Give a step's id, such as 'Yosys.Synthesis'.")
    return value
