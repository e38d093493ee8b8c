"""Which steps a run will take: what is to come, and where it begins and ends."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.toolchains.base import BadInputError, StepReport, StepStatus
from app.toolchains.librelane.catalog import Flow


@dataclass(frozen=True)
class Plan:
    """A flow and the ids of its steps in order: none for a flow that orders them as it runs.

    `begin` and `end` are the first and the last to run, None for the flow's own.
    """

    flow: str
    steps: tuple[str, ...]
    begin: str | None = None
    end: str | None = None
    #: Not the flow as LibreLane has it: the config says which steps are others.
    is_changed: bool = False
    #: The flow's steps that it therefore lacks.
    left_out: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        flow: Flow,
        variables: Mapping[str, Any],
        config: Mapping[str, Any],
        whole: Flow | None = None,
    ) -> "Plan":
        """Return the plan for LibreLane's `variables` and a job's config. Raises BadInputError.

        `whole`: the flow as LibreLane has it, if the config changes it.
        """
        if not flow.is_sequential:
            steps: tuple[str, ...] = ()
        else:
            steps = tuple(step.id for step in flow.steps_for(variables))
        begin, end = (_find(steps, key, config.get(key)) for key in ("from", "to"))
        if begin and end and steps.index(begin) > steps.index(end):
            raise BadInputError("config.to", f"{end} comes before {begin}.")
        usual = whole.steps_for(variables) if whole else ()
        left_out = tuple(step.id for step in usual if step.id not in steps)
        return cls(flow.name, steps, begin, end, whole is not None, left_out)

    def to_come(self, begun: Sequence[str]) -> list[str]:
        """Return the steps after the last of those that have begun."""
        known = [self.steps.index(step) for step in begun if step in self.steps]
        first = max(known) + 1 if known else 0
        last = self.steps.index(self.end) + 1 if self.end else len(self.steps)
        return list(self.steps[first:last])


def pending(step: str, name: str) -> StepReport:
    """Return the report of a step to come."""
    return StepReport(step, name, StepStatus.PENDING)


def _find(steps: Sequence[str], key: str, wanted: Any) -> str | None:
    """Return the step of that id, in whatever case."""
    if wanted is None:
        return None
    ids = {step.lower(): step for step in steps}
    found = ids.get(str(wanted).lower())
    if found is not None:
        return found
    near = difflib.get_close_matches(str(wanted).lower(), ids, n=1)
    hint = f" Did you mean {ids[near[0]]!r}?" if near else f" Its steps: {', '.join(steps)}."
    raise BadInputError(f"config.{key}", f"This build takes no step {str(wanted)[:200]!r}.{hint}")
