"""From a job's config and the project's config file to the one that LibreLane gets.

The later wins: preset, the project's config.json or config.yaml, the job's variables. Without
DESIGN_NAME there is no build; without source files every one is taken that is not a test bench by
its name.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.toolchains import names
from app.toolchains.base import BadInputError, ReadFile
from app.toolchains.librelane.catalog import Catalog, Variable
from app.toolchains.librelane.config_file import (
    ConfigFile,
    field_of,
    no_design,
    read_config_file,
)
from app.toolchains.librelane.design_sources import default_sources
from app.toolchains.librelane.flows import Wanted, choose_flow, needed_tools
from app.toolchains.librelane.known import Known, refuse
from app.toolchains.librelane.offer import Offered
from app.toolchains.librelane.own_config import own_config
from app.toolchains.librelane.plan import Plan
from app.toolchains.librelane.presets import preset_variables
from app.toolchains.librelane.project_files import ProjectFiles
from app.toolchains.librelane.references import all_keys, holds_reference, missing
from app.toolchains.librelane.substitutes import substituted


def validate(
    config: Mapping[str, Any],
    paths: Sequence[str],
    read: ReadFile | None = None,
    offers: Sequence[Offered] = (),
) -> dict[str, Any]:
    """Return a job's config complete; BadInputError if it cannot be built.

    What is not given is not looked at: the config file without `read`, and whether variables, flow
    and PDK exist without `offers`. The worker does it then.
    """
    checked = own_config(config, paths)
    file = read_config_file(checked["config_file"], read, paths) if read else ConfigFile()
    checked["pdk"] = checked["pdk"] or file.pdk
    flow, offered = choose_flow(offers, _wanted(checked, file))
    checked["flow"] = flow
    if read is not None or checked["config_file"] is None:
        assembled = _assembled(checked, file, paths, offered.catalog if offered else None)
        _check_steps(checked, assembled, offered, file)
    return checked


def tools(
    config: Mapping[str, Any],
    paths: Sequence[str],
    read: ReadFile | None = None,
    offers: Sequence[Offered] = (),
) -> tuple[str, ...]:
    """Return the programs that a build needs whose config validate() has returned."""
    file = read_config_file(config["config_file"], read, paths) if read else ConfigFile()
    wanted = _wanted(config, file)
    _, offered = choose_flow(offers, wanted)
    flow = offered.catalog.flow(config["flow"]) if offered else None
    return needed_tools(offered.catalog, flow, wanted) if flow and offered else ()


def _check_steps(
    checked: Mapping[str, Any],
    variables: Mapping[str, Any],
    offered: Offered | None,
    file: ConfigFile,
) -> None:
    """Refuse steps that the flow will not take."""
    flow = offered.catalog.flow(checked["flow"]) if offered else None
    if flow is not None and offered is not None:
        Plan.of(substituted(offered.catalog, flow, file.substitutes), variables, checked)


def _wanted(checked: Mapping[str, Any], file: ConfigFile) -> Wanted:
    of_file = checked["flow"] is None and file.flow is not None
    return Wanted(
        flow=file.flow if of_file else checked["flow"],
        pdk=checked["pdk"],
        pdk_version=checked["pdk_version"],
        begin=checked["from"],
        substitutes=file.substitutes,
        end=checked["to"],
        variables={**preset_variables(checked["preset"]), **file.variables, **checked["variables"]},
        named_in=f"{field_of(checked['config_file'])}.meta.flow" if of_file else "config.flow",
    )


def complete(
    config: Mapping[str, Any],
    paths: Sequence[str],
    read: ReadFile,
    catalog: Catalog | None = None,
) -> dict[str, Any]:
    """Return what LibreLane gets, for a config that validate() returned. Raises BadInputError."""
    file = read_config_file(config["config_file"], read, paths)
    return _assembled(config, file, paths, catalog)


def _assembled(
    config: Mapping[str, Any], file: ConfigFile, paths: Sequence[str], catalog: Catalog | None
) -> dict[str, Any]:
    flow, own = config["flow"], config["variables"]
    known = catalog.variables_of(flow) if catalog else {}
    base = _without(file.variables, _all_names(own, known))
    if catalog is not None:
        of_flow = Known(catalog, flow, ProjectFiles(paths), strict=file.version == 2)
        refuse([(field_of(config["config_file"]), base), ("config", own)], of_flow)
    preset = preset_variables(config.get("preset"), known if catalog else None)
    preset = _without(preset, _all_names([*base, *own], known))
    meta = {"flow": flow} | ({"version": file.version} if file.version else {})
    if file.substitutes:
        meta["substituting_steps"] = [list(one) for one in file.substitutes]
    # LibreLane reads from the top, and knows only what it has read when something is referred to.
    plain = {key: value for key, value in own.items() if not holds_reference(value)}
    merged = {"meta": meta, **preset, **plain, **base, **own}
    _check_name(merged.get("DESIGN_NAME"), config, paths)
    _check_references([(field_of(config["config_file"]), base), ("config", own)], merged)
    return merged | default_sources(merged, paths, known)


def _check_references(
    parts: Iterable[tuple[str, Mapping[str, Any]]], merged: Mapping[str, Any]
) -> None:
    """Refuse references to what the config does not set."""
    settings = {key: value for key, value in merged.items() if key != "meta"}
    fields = {key: field for field, variables in parts for key in variables}
    for where, name in missing(settings, set()):
        why = f"${name} is not set in the config; LibreLane's defaults cannot be referred to."
        if name in all_keys(settings):
            why = f"${name} is set below it; LibreLane reads a config from the top."
        raise BadInputError(f"{fields.get(where.partition('.')[0], 'config')}.{where}", why)


def _check_name(design: Any, config: Mapping[str, Any], paths: Sequence[str]) -> None:
    if design is None:
        no_design(config, paths)
    names.identifier("config.DESIGN_NAME", design)


def _all_names(variables: Iterable[str], known: Mapping[str, Variable]) -> set[str]:
    """Return the names of variables with their other names, old and new."""
    return {
        name for one in variables for name in (one, *(known[one].names if one in known else ()))
    }


def _without(variables: Mapping[str, Any], overridden: set[str]) -> dict[str, Any]:
    """Drop the overridden ones, also in the sections for a PDK, which LibreLane lets win."""
    return {
        key: _without(value, overridden) if "::" in key else value
        for key, value in variables.items()
        if key not in overridden
    }
