"""Bodies of the routes that tell what a build can be given."""

from typing import Annotated, Any

from pydantic import Field, RootModel

from app.schemas.base import PlainJson, View, example


class GateView(View):
    """A boolean variable that switches a step off; all of a step's have to be true."""

    variable: str
    default: bool


class FlowStepView(View):
    """A step of a flow. One that a flow has twice has '-1' at the end of its id then."""

    id: str
    name: str
    #: The program that it calls.
    tool: str | None
    gates: list[GateView]


class FlowView(View):
    """A flow; `why_not` is why no worker can run it, null if one can."""

    name: str
    description: str
    librelane: str
    #: Its steps run in this order; else the flow orders them as it runs.
    is_sequential: bool
    why_not: str | None
    #: Builds get it that name none, neither in their config nor in the config file.
    is_usual: bool
    steps: list[FlowStepView]


class PdkView(View):
    """A PDK that a worker has, and the flows that builds with it can run."""

    name: str
    version: str
    flows: list[str]
    #: Builds get a PDK of this name that name none.
    is_usual: bool


class OldNameView(View):
    """An older name; a value under one that `is_converted` means something else there."""

    name: str
    is_converted: bool


class VariableView(View):
    """A variable of LibreLane's.

    `type` says what it takes, as {"kind": ...} with the types inside in `of`, an enum's `choices`
    and a record's `fields`; `takes` says the same in words. `steps` declare it; a universal one all
    steps may read.
    """

    name: str
    type: dict[str, Any]
    takes: str
    default: Any
    units: str | None
    description: str
    #: The PDK gives its default.
    is_pdk: bool
    is_universal: bool
    flows: list[str]
    steps: list[str]
    old_names: list[OldNameView]
    #: Why a job may not set it; null if it may.
    refused: str | None


class VariablesView(View):
    """A page of variables by name; `total` counts all that pass the filter."""

    librelane: str
    total: int
    variables: list[VariableView]


class SettingView(View):
    """A variable's value in a preset, and why it is this."""

    name: str
    value: Any
    why: str


class PresetView(View):
    """A set of variables to begin with."""

    name: str
    summary: str
    settings: list[SettingView]


class ConfigBody(RootModel[Annotated[dict[str, Any], PlainJson]]):
    """A config to keep: what a build's `config` may hold but `from` and `to`."""

    model_config = example({"preset": "balanced", "variables": {"CLOCK_PERIOD": 10}})


class KeptConfigView(View):
    """The config that a project keeps; null is what is left open."""

    flow: str | None = None
    preset: str | None = None
    pdk: str | None = None
    pdk_version: str | None = None
    config_file: str | None = None
    keep: str | None = None
    variables: dict[str, Any] = Field(default_factory=dict)
