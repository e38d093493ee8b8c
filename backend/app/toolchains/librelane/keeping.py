"""A config that a project keeps, for its builds to begin with."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.toolchains import names
from app.toolchains.base import BadInputError
from app.toolchains.librelane.catalog import Variable
from app.toolchains.librelane.config_file import ENDINGS
from app.toolchains.librelane.flows import Wanted, choose_flow
from app.toolchains.librelane.known import Known, refuse
from app.toolchains.librelane.offer import Offered
from app.toolchains.librelane.own_config import KEYS, own_config
from app.toolchains.librelane.presets import preset_variables
from app.toolchains.librelane.values import is_variable

#: What is a matter of one build alone.
_OF_ONE_BUILD = ("from", "to")


def keepable(config: Mapping[str, Any], offers: Sequence[Offered] = ()) -> dict[str, Any]:
    """Return a config as a project keeps it, variables under their present names.

    What is not given stays open. The files that it names need not be there yet. Raises
    BadInputError.
    """
    known = [key for key in KEYS if key not in _OF_ONE_BUILD]
    names.known_keys({key: 0 for key in config if not is_variable(str(key))}, known)
    own = own_config({**config, "config_file": None}, [])
    variables = {**preset_variables(own["preset"]), **own["variables"]}
    wanted = Wanted(own["flow"], own["pdk"], own["pdk_version"], variables)
    flow, offered = choose_flow(offers, wanted)
    if offered is not None:
        refuse([("config", own["variables"])], Known(offered.catalog, flow))
        own["variables"] = _renamed(own["variables"], offered.catalog.variables_of(flow))
    own["config_file"] = _config_file(config.get("config_file"))
    given = {key for key, value in config.items() if value is not None} | {"variables"}
    return {key: value for key, value in own.items() if key in given and value}


def _config_file(value: Any) -> str | None:
    field = "config.config_file"
    if value is None:
        return None
    if not isinstance(value, str) or not value.endswith(ENDINGS):
        raise BadInputError(field, "Name a JSON or YAML file of the project.")
    return names.relative_path(field, value)


def _renamed(variables: Mapping[str, Any], known: Mapping[str, Variable]) -> dict[str, Any]:
    """Write old names as the new ones, so that a build's own config can override them."""
    renamed = {name: value for name, value in variables.items() if name not in known}
    for name, value in variables.items():
        if name in known:
            renamed[name if known[name].is_converted(name) else known[name].name] = value
    return renamed
