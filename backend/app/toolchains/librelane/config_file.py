"""The config file of a project: config.json or config.yaml, as LibreLane reads them.

It is somebody else's text: read with a bound, and vetted like what comes in a request.
"""

import json
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml  # type: ignore[import-untyped]

from app.toolchains import names
from app.toolchains.base import BadInputError, ReadFile
from app.toolchains.librelane.pdks import is_word
from app.toolchains.librelane.project_files import ProjectFiles
from app.toolchains.librelane.substitutes import Substitute, read_substitutes
from app.toolchains.librelane.values import check_variables, name_project_files

_NAMES = ("config.json", "config.yaml", "config.yml")
ENDINGS = (".json", ".yaml", ".yml")
_TCL = "config.tcl"
_PDK = "PDK"
#: The two versions are what LibreLane notes in configs that it writes.
_META = {"version", "flow", "substituting_steps", "librelane_version", "openlane_version"}
#: Of a config file.
MOST_BYTES = 1 << 20
#: YAML takes a thousand times as long to read as JSON. (libyaml is faster, but nesting kills it.)
_MOST_YAML_BYTES = 64 << 10
_MOST_DEPTH = 16
_TCL_REFUSED = (
    "A Tcl config is a program, and a6hub runs none to learn what to build. Write config.json: "
    'each `set ::env(NAME) value` becomes "NAME": value, and a path in the design "dir::path". '
    "`python3 -m librelane.config create-config` asks for the basics and writes one; resolved.json "
    "in the folder of an earlier run shows what all variables came to."
)


@dataclass(frozen=True)
class ConfigFile:
    """What a config file says. `version` None: nothing, which LibreLane takes for 1."""

    variables: Mapping[str, Any] = field(default_factory=dict)
    flow: str | None = None
    pdk: str | None = None
    version: int | None = None
    #: Other steps in the flow.
    substitutes: tuple[Substitute, ...] = ()


def field_of(name: str | None) -> str:
    """Return what a config file is called where a field is wrong: its place below the project."""
    return f"files/{name}"


def find_config_file(value: Any, paths: Sequence[str]) -> str | None:
    """Return the config file that a job names, or else the project's. Raises BadInputError."""
    if value is None:
        return next((name for name in _NAMES if name in paths), None)
    [name] = names.file_list("config.config_file", str(value), set(paths))
    if name.endswith(".tcl"):
        raise BadInputError("config.config_file", _TCL_REFUSED)
    if not name.endswith(ENDINGS):
        raise BadInputError("config.config_file", "The config file has to be JSON or YAML.")
    return name


def no_design(config: Mapping[str, Any], paths: Sequence[str]) -> NoReturn:
    """Refuse a build of which nothing says what to build."""
    name = config["config_file"]
    if name is None and _TCL in paths:
        raise BadInputError("config.config_file", _TCL_REFUSED)
    where = "add a config.json to the project" if name is None else f"add DESIGN_NAME to {name}"
    raise BadInputError("config.DESIGN_NAME", f"Name the top module, or {where}.")


def read_config_file(name: str | None, read: ReadFile, paths: Sequence[str]) -> ConfigFile:
    """Return what the config file `name` says, if there is one. Raises BadInputError."""
    if name is None:
        return ConfigFile()
    field, parsed = field_of(name), _parsed(name, read)
    meta = _meta(f"{field}.meta", parsed.pop("meta", {}))
    pdk = _pdk(f"{field}.{_PDK}", parsed.pop(_PDK, None))
    # '//' is how comments are written in LibreLane's JSON configs.
    kept = {key: value for key, value in parsed.items() if not str(key).startswith(("//", "#"))}
    files, folder = ProjectFiles(paths), posixpath.dirname(name)
    variables = check_variables(field, name_project_files(kept, files, folder))
    flow, version = meta.get("flow"), meta.get("version")
    return ConfigFile(variables, flow, pdk, version, meta.get("substitutes", ()))


def _pdk(field: str, value: Any) -> str | None:
    """Check the PDK that a config file names; a job's own config has `pdk` for it."""
    if value is not None and not is_word(value):
        raise BadInputError(field, f"{ascii(value)[:100]} is not the name of a PDK.")
    return None if value is None else str(value)


def _parsed(name: str, read: ReadFile) -> dict[str, Any]:
    field, text = field_of(name), read(name)
    most = MOST_BYTES if name.endswith(".json") else _MOST_YAML_BYTES
    if len(text) > most:
        raise BadInputError(field, f"The file has more than {most} bytes.")
    parsed = _parse(name, text.decode(errors="replace"))
    if not isinstance(parsed, dict):
        raise BadInputError(field, "The file must hold a mapping of LibreLane's variables.")
    if _is_deep(parsed):
        raise BadInputError(field, f"The file is nested more than {_MOST_DEPTH} deep.")
    return parsed


def _parse(name: str, text: str) -> Any:
    try:
        if name.endswith(".json"):
            return json.loads(text, parse_constant=_no_number)
        return yaml.load(text, _YamlLoader)  # noqa: S506 - a safe one
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        why = ascii(str(error)[:300])[1:-1]
        raise BadInputError(field_of(name), f"The file cannot be read: {why}") from None


class _YamlLoader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
    """Refuses YAML that would become more than it is, and such as is nested deep."""

    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise ValueError("aliases are not taken; write the value itself")
        if self._depth > _MOST_DEPTH:
            raise ValueError(f"it is nested more than {_MOST_DEPTH} deep")
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_MOST_DEPTH):
        inner = [one.values() if isinstance(one, dict) else one for one in level]
        level = [item for one in inner for item in one if isinstance(item, dict | list)]
    return bool(level)


def _meta(field: str, meta: Any) -> dict[str, Any]:
    if not isinstance(meta, Mapping) or set(meta) - _META:
        raise BadInputError(field, f"Only these can be set in meta: {', '.join(sorted(_META))}.")
    flow, version = meta.get("flow"), meta.get("version")
    if flow is not None and not isinstance(flow, str):
        raise BadInputError(f"{field}.flow", "Name a flow; a list of steps is not taken.")
    if version not in (None, 1, 2):
        raise BadInputError(f"{field}.version", "The version has to be 1 or 2.")
    other = read_substitutes(f"{field}.substituting_steps", meta.get("substituting_steps"))
    return {"flow": flow, "version": version, "substitutes": other}
