"""From a job's config and the project's config file to the one that LibreLane gets.

The project's config.json or config.yaml, if there is one, is the base; the job's variables override
it. Without DESIGN_NAME in either there is no build; without VERILOG_FILES every source file is
taken that is not a test bench by its name.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from app.toolchains import names
from app.toolchains.base import SOURCE, BadInputError
from app.toolchains.files import read_text
from app.toolchains.librelane.values import check_variables, is_variable, name_project_files
from app.toolchains.sources import SOURCE_ENDINGS

FLOWS = ("Offline",)
_CONFIG_FILES = ("config.json", "config.yaml", "config.yml")
_KEYS = ("flow", "design_name", "config_file", "variables")
_MOST_BYTES = 1 << 20
_BENCH = re.compile(r"(^|/)(tb|test|tests|testbench|sim|verify)/|(^|/)tb_[^/]*$|_tb\.s?v$")


def validate(config: Mapping[str, Any], paths: list[str]) -> dict[str, Any]:
    """Return a job's config complete; BadInputError if it cannot be built."""
    own = {key: value for key, value in config.items() if not is_variable(str(key))}
    names.known_keys(own, _KEYS)
    flow = _flow(config.get("flow"))
    variables = check_variables("config", _variables(config))
    config_file = _config_file(config.get("config_file"), paths)
    if config_file is None and "DESIGN_NAME" not in variables:
        raise BadInputError(
            "config.DESIGN_NAME", "Name the top module, or add a config.json to the project."
        )
    return {
        "flow": flow,
        "config_file": config_file,
        "variables": name_project_files(variables, set(paths)),
    }


def _variables(config: Mapping[str, Any]) -> dict[str, Any]:
    given = config.get("variables") or {}
    if not isinstance(given, Mapping):
        raise BadInputError("config.variables", "Give a mapping of LibreLane's variables.")
    variables = dict(given) | {key: value for key, value in config.items() if is_variable(key)}
    if config.get("design_name") is not None:
        variables["DESIGN_NAME"] = config["design_name"]
    if "DESIGN_NAME" in variables:
        names.identifier("config.DESIGN_NAME", variables["DESIGN_NAME"])
    return variables


def _flow(value: Any) -> str:
    if value is None:
        return FLOWS[0]
    if value not in FLOWS:
        raise BadInputError("config.flow", f"There is no flow {value!r} here, only {FLOWS[0]!r}.")
    return str(value)


def _config_file(value: Any, paths: list[str]) -> str | None:
    if value is None:
        return next((name for name in _CONFIG_FILES if name in paths), None)
    [name] = names.file_list("config.config_file", str(value), set(paths))
    if not name.endswith((".json", ".yaml", ".yml")):
        raise BadInputError("config.config_file", "The config file has to be JSON or YAML.")
    return name


def complete(config: Mapping[str, Any], workdir: Path, paths: list[str]) -> dict[str, Any]:
    """Return what LibreLane gets, for a config that validate() returned. Raises BadInputError."""
    overrides: dict[str, Any] = config["variables"]
    base = _base(config["config_file"], workdir, paths)
    meta = base.pop("meta")
    merged = {
        "meta": meta | {"flow": config["flow"]},
        **_without(base, set(overrides)),
        **overrides,
    }
    names.identifier("config.DESIGN_NAME", merged.get("DESIGN_NAME"))
    if not merged.get("VERILOG_FILES"):
        merged["VERILOG_FILES"] = [f"dir::{path}" for path in design_sources(paths)]
    return merged


def design_sources(paths: Iterable[str]) -> list[str]:
    """Return the source files that are no test benches; BadInputError if there is none."""
    sources = [path for path in paths if path.endswith(SOURCE_ENDINGS) and not _BENCH.search(path)]
    if not sources:
        raise BadInputError(
            "config.VERILOG_FILES", "The project has no .v or .sv file that is not a test bench."
        )
    return [names.relative_path("config.VERILOG_FILES", path) for path in sorted(sources)]


def _base(config_file: str | None, workdir: Path, paths: list[str]) -> dict[str, Any]:
    if config_file is None:
        return {"meta": {}}
    parsed = _parse(config_file, read_text(workdir / SOURCE, config_file, _MOST_BYTES))
    if not isinstance(parsed, dict):
        raise BadInputError(config_file, "The file must hold a mapping of LibreLane's variables.")
    meta = _meta(config_file, parsed.pop("meta", {}))
    # '//' is how comments are written in LibreLane's JSON configs.
    kept = {key: value for key, value in parsed.items() if not str(key).startswith("//")}
    variables = name_project_files(check_variables(config_file, kept), set(paths))
    return {"meta": meta, **variables}


def _meta(config_file: str, meta: Any) -> dict[str, Any]:
    if not isinstance(meta, Mapping) or set(meta) - {"version", "flow"}:
        raise BadInputError(f"{config_file}.meta", "Only `version` and `flow` can be set in meta.")
    return {"version": meta["version"]} if meta.get("version") in (1, 2) else {}


def _parse(name: str, text: str) -> Any:
    try:
        if name.endswith(".json"):
            return json.loads(text)
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
            raise BadInputError(name, "YAML aliases are not taken; write the value itself.")
        return yaml.safe_load(text)
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise BadInputError(name, f"The file cannot be read: {error}") from None


def _without(variables: Mapping[str, Any], overridden: set[str]) -> dict[str, Any]:
    """Drop the overridden ones, also in the sections for a PDK, which LibreLane lets win."""
    return {
        key: _without(value, overridden) if "::" in key else value
        for key, value in variables.items()
        if key not in overridden
    }
