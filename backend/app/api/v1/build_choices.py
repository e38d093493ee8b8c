"""What a build can be given: flows, PDKs, presets, and LibreLane's variables."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import TypeAdapter

from app.api.deps import WithContext, WithUser
from app.api.document import NOT_FOUND
from app.jobs.build_choices import (
    FlowChoice,
    VariableFilter,
    choose_variables,
    flow_choices,
    newest_catalog,
    pdk_choices,
)
from app.schemas.builds import (
    FlowStepView,
    FlowView,
    OldNameView,
    PdkView,
    PresetView,
    SettingView,
    VariablesView,
    VariableView,
)
from app.toolchains.librelane.catalog import ValueType, Variable
from app.toolchains.librelane.presets import PRESETS
from app.toolchains.librelane.variables import why_refused

router = APIRouter(prefix="/builds", tags=["builds"])

_TYPE = TypeAdapter(ValueType)
Words = Annotated[str | None, Query(min_length=1, max_length=100)]


@router.get("/flows")
def flows(context: WithContext, user: WithUser) -> list[FlowView]:
    """List the flows that workers have, with their steps."""
    return [_flow_view(choice) for choice in flow_choices(context)]


@router.get("/pdks")
def pdks(context: WithContext, user: WithUser) -> list[PdkView]:
    """List the PDKs that workers have."""
    return [PdkView.model_validate(choice) for choice in pdk_choices(context)]


@router.get("/presets")
def presets(user: WithUser) -> list[PresetView]:
    """List the presets, each with its variables and why they are so."""
    return [
        PresetView(
            name=preset.name,
            summary=preset.summary,
            settings=[
                SettingView(name=name, value=one.value, why=one.why)
                for name, one in preset.settings.items()
            ],
        )
        for preset in PRESETS.values()
    ]


@router.get("/variables", responses=NOT_FOUND)
def variables(
    context: WithContext,
    user: WithUser,
    flow: Words = None,
    step: Words = None,
    q: Words = None,
    offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> VariablesView:
    """List LibreLane's variables: of a flow, of a step (its id), or with the words `q`."""
    catalog = newest_catalog(context, flow)
    found = choose_variables(catalog, VariableFilter(flow, step, q))
    return VariablesView(
        librelane=catalog.version,
        total=len(found),
        variables=[_variable_view(one) for one in found[offset : offset + limit]],
    )


def _flow_view(choice: FlowChoice) -> FlowView:
    flow = choice.flow
    return FlowView(
        name=flow.name,
        description=flow.doc,
        librelane=choice.librelane,
        is_sequential=flow.is_sequential,
        why_not=choice.why_not,
        is_usual=choice.is_usual,
        steps=[FlowStepView.model_validate(step) for step in flow.steps],
    )


def _variable_view(variable: Variable) -> VariableView:
    described: dict[str, Any] = _TYPE.dump_python(variable.type, exclude_defaults=True, mode="json")
    return VariableView(
        type=described,
        takes=str(variable.type),
        old_names=[OldNameView.model_validate(old) for old in variable.old_names],
        refused=why_refused(variable.name),
        **{name: getattr(variable, name) for name in _SAME},
    )


_SAME = (
    *("name", "default", "units", "description"),
    *("is_pdk", "is_universal", "flows", "steps"),
)
