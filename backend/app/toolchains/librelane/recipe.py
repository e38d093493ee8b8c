"""How to repeat a build without a6hub: the config and the command that LibreLane is given."""

import json
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from app.toolchains.base import SOURCE, Recipe
from app.toolchains.librelane.config import complete

_PDK = "sky130A"
_SCRIPT = """\
# LibreLane is the one on the PATH. PDK_ROOT is the folder in which the PDK {pdk} lies.
: "${{PDK_ROOT:?is not set: name the folder that holds the PDK {pdk}}}"
rm -rf run/build
mkdir -p run/build
exec librelane {options} config.json
"""
_NEEDS = """\
- LibreLane{plugin}, with `librelane` on the PATH, and the tools that its flow {flow} calls;
- the PDK {pdk}, in a folder that `PDK_ROOT` names:

      PATH=/path/to/environment/bin:$PATH PDK_ROOT=/path/to/pdks ./run.sh

  or in a container image that holds LibreLane:

      docker run --rm -v "$PWD:/job" -v /path/to/pdks:/pdks -e PDK_ROOT=/pdks -w /job IMAGE ./run.sh
"""


def recipe(
    config: Mapping[str, Any],
    details: Mapping[str, Any],
    paths: list[str],
    read: Callable[[str], bytes],
) -> Recipe:
    """See app.toolchains.recipes. Raises BadInputError."""
    given = complete(config, paths, read)
    pdk = _pdk(config, details)
    plugin = " and the plugin `librelane_plugin_offline`" if config["flow"] == "Offline" else ""
    return Recipe(
        script=_SCRIPT.format(pdk=pdk, options=_options(config, pdk, given["meta"])),
        files={"config.json": json.dumps(given, indent=2) + "\n"},
        needs=_NEEDS.format(plugin=plugin, flow=config["flow"], pdk=pdk),
    )


def _pdk(config: Mapping[str, Any], details: Mapping[str, Any]) -> str:
    """Return the PDK that the job had, or else will have."""
    had = details.get("pdk")
    name = had.get("name") if isinstance(had, dict) else None
    return str(name or config.get("pdk") or _PDK)


def _options(config: Mapping[str, Any], pdk: str, meta: Mapping[str, Any]) -> str:
    end = ("--to", config["to"]) if config.get("to") else ()
    # Named, a flow would be taken as it is.
    flow = () if "substituting_steps" in meta else ("--flow", config["flow"])
    words = (*flow, *end, "--hide-progress-bar")
    pdk_words = f'--manual-pdk --pdk-root "$PDK_ROOT" --pdk {shlex.quote(pdk)}'
    return (
        f"{shlex.join(words)} {pdk_words} "
        f"--run-tag build --force-run-dir run/build --design-dir {SOURCE}"
    )
