"""Our tables against LibreLane's own variables: a new version may bring new ones."""

import json
import re
import subprocess
from dataclasses import dataclass

import pytest

from app.core.settings import Settings
from app.toolchains.librelane import variables
from app.toolchains.librelane.variables import (
    ARGUMENTS,
    CONSTRAINTS,
    DATA,
    MACROS,
    NAMES,
    PLATFORM,
    SCRIPTS,
    why_refused,
)

pytestmark = pytest.mark.flow

#: Run by LibreLane's Python. A type `has path` if a path can be anywhere in it.
_ASK = """
import dataclasses, json, typing
from librelane.common import Path
from librelane.config.flow import flow_common_variables
from librelane.flows import Flow
from librelane.steps import Step

def holds(kind, wanted):
    if dataclasses.is_dataclass(kind):
        return any(holds(f.type, wanted) for f in dataclasses.fields(kind))
    if typing.get_origin(kind) is typing.Literal:
        return False
    return kind in wanted or any(holds(of, wanted) for of in typing.get_args(kind))

found = list(flow_common_variables)
for factory in (Step.factory, Flow.factory):
    for name in factory.list():
        found += factory.get(name).config_vars or []
print(json.dumps([{
    "name": one.name,
    "old_names": [old if isinstance(old, str) else old[0] for old in one.deprecated_names],
    "path": holds(one.type, (Path,)),
    "text": holds(one.type, (str, typing.Any)),
} for one in found]))
"""
#: What would be a script or words for a command line, by its name.
_TELLING = re.compile(
    r"SCRIPT|TCL|CMD|COMMAND|ARG|OPTION|FLAG|HOOK|DEFINE|PARAMETER|RUNSET|_MAP$|SETUP|CFG|PLUGIN"
)
#: This only sounds like it.
_HARMLESS = {"SETUP_VIOLATION_CORNERS"}
_TABLES = (PLATFORM, SCRIPTS, ARGUMENTS, CONSTRAINTS, DATA, MACROS, NAMES)


@dataclass(frozen=True)
class Known:
    """A variable as LibreLane has it."""

    name: str
    old_names: list[str]
    path: bool
    text: bool

    @property
    def names(self) -> list[str]:
        return [self.name, *self.old_names]


@pytest.fixture(scope="module")
def known(flow: Settings) -> list[Known]:
    command = [str(flow.flow_python), "-c", _ASK]
    told = subprocess.run(command, capture_output=True, check=True).stdout
    found = [Known(**one) for one in json.loads(told)]
    assert len({one.name for one in found}) > 400
    assert "OFFLINE_PNR_LEF" in {one.name for one in found}
    return found


def test_every_path_has_been_thought_of(known: list[Known]) -> None:
    names = {name for one in known if one.path for name in one.names}
    assert len(names) > 60
    assert names - (PLATFORM | SCRIPTS | CONSTRAINTS | DATA) == set()


def test_every_script_and_command_line_has_been_thought_of(known: list[Known]) -> None:
    telling = {one.name for one in known if (one.text or one.path) and _TELLING.search(one.name)}
    assert len(telling) > 20
    assert telling - set().union(*_TABLES) - _HARMLESS == set()


def test_old_names_are_treated_as_the_new(known: list[Known]) -> None:
    for table in _TABLES:
        for one in known:
            among = {name in table for name in one.names}
            assert len(among) == 1, (one.name, one.old_names)


def test_the_tables_hold_nothing_that_is_not_there(known: list[Known]) -> None:
    names = {name for one in known for name in one.names}
    ours = {"PDKPATH", "OPEN_PDK_ROOT", "SCRIPTS_DIR", "PAD_CELL_LIBRARY"}
    old = {"KLAYOUT_DRC_TECH_SCRIPT"}
    assert set().union(*_TABLES) - names - ours - old == set()


def test_no_variable_is_in_two_tables() -> None:
    assert sum(map(len, _TABLES)) == len(set().union(*_TABLES))


def test_what_is_refused_is_refused() -> None:
    for name in PLATFORM | SCRIPTS | ARGUMENTS:
        assert why_refused(name), name
    for name in CONSTRAINTS | DATA | MACROS | NAMES:
        assert why_refused(name) is None, name


@pytest.mark.parametrize("name", ["X_SCRIPT", "NEW_TOOL_ARGS", "A_TCL", "POST_PLACE_HOOK"])
def test_what_nobody_knows_and_sounds_like_a_script_is_refused(name: str) -> None:
    assert not any(name in table for table in _TABLES)
    assert "script" in str(variables.why_refused(name))
