"""Beginning a flow with the steps that an earlier run of it has finished.

LibreLane is given the state that the last of them left (`--with-initial-state`) and the step to
begin with (`--from`). The folders of all of them are put back, so that the run directory, its
numbers and the files that later steps read are what they were.

A step's folder names its files by absolute paths. Where the job's folder has another name now (only
without a sandbox), the paths in its JSON files are written anew.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.executors.folders import remove
from app.toolchains.base import BadInputError, Earlier, FinishedStep
from app.toolchains.files import open_plain, read_json, read_text
from app.toolchains.librelane.plan import Plan
from app.toolchains.librelane.run_directory import changed

_JSON = ("config.json", "state_in.json", "state_out.json")
_MOST_BYTES = 64 << 20
_OTHER_TOOLS = (
    "The steps before were done with other tools ({then}; here: {now}). Run the whole build."
)


@dataclass(frozen=True)
class Resumption:
    """Where a run goes on: after `steps`, which are there, with the state in the file `state`."""

    steps: tuple[FinishedStep, ...]
    state: str  # below the job's folder
    next_step: str

    @property
    def options(self) -> tuple[str, ...]:
        """LibreLane's options for it."""
        return ("--with-initial-state", self.state, "--from", self.next_step)


def resume(workdir: Path, earlier: Earlier | None, plan: Plan, tools: str) -> Resumption | None:
    """Put back what `earlier` finished, as far as it is whole; None: begin anew.

    Raises BadInputError when what the user chose cannot be done.
    """
    flow = plan.steps
    # What this job itself has finished since it began there is not to be done again.
    begin = plan.begin if earlier is None or earlier.is_chosen else None
    wanted = _wanted(earlier, plan, tools, begin)
    there = _put_back(workdir, earlier, wanted) if earlier else []
    if plan.begin is not None and len(there) < len(usable(wanted, flow, plan.begin)):
        raise BadInputError("config.from", f"The files of the steps before {plan.begin} are gone.")
    if not there or not _views(workdir, there[-1]):
        # LibreLane takes a state without views for none, and would lose its metrics: the first
        # steps are checks of the sources, which take a second.
        _remove(workdir, there)
        return None
    last = there[-1]
    after = begin or flow[flow.index(last.step) + 1]
    return Resumption(tuple(there), _state_file(workdir, last), after)


def usable(
    steps: Sequence[FinishedStep], flow: Sequence[str], left: str | None
) -> list[FinishedStep]:
    """Return the steps from the first on that a run can go on after, in the flow's order.

    `left` is to be done in any case, None: the flow's last. LibreLane has to be told a step to
    begin with, and begun after the one that it is to end with, it would not end there.
    """
    place = {step: number for number, step in enumerate(flow)}
    end = place[left] if left is not None else len(flow) - 1
    found: list[FinishedStep] = []
    least = 0
    for step in steps:
        if not least <= place.get(step.step, -1) < end:
            break
        least = place[step.step] + 1
        found.append(step)
    return found


def _wanted(
    earlier: Earlier | None, plan: Plan, tools: str, begin: str | None
) -> list[FinishedStep]:
    """Return the steps to put back. Raises BadInputError."""
    flow = plan.steps
    chosen = plan.begin not in (None, *flow[:1]) or (earlier is not None and earlier.is_chosen)
    if not flow:
        if chosen:
            raise BadInputError("config.from", "This flow has no fixed steps to begin with.")
        return []
    if earlier is None:
        if chosen:
            raise BadInputError("config.from", "There are no finished steps to begin with.")
        return []
    if earlier.tools != tools:
        if chosen:
            raise BadInputError("config.from", _OTHER_TOOLS.format(then=earlier.tools, now=tools))
        return []
    steps = usable(earlier.steps, flow, begin or plan.end)
    if begin is not None and len(steps) == len(earlier.steps):  # else there are later ones
        missing = flow[flow.index(steps[-1].step) + 1] if steps else flow[0]
        if missing != begin:
            raise BadInputError(
                "config.from", f"{missing} has not finished; begin there or before."
            )
    return steps


def _put_back(workdir: Path, earlier: Earlier, steps: Sequence[FinishedStep]) -> list[FinishedStep]:
    """Fetch the steps one by one, up to one that is not whole; return those that are there."""
    there: list[FinishedStep] = []
    for step in steps:
        try:
            earlier.fetch(step)
        except (OSError, ValueError):
            _remove(workdir, [step])
            break
        there.append(step)
    _rename(workdir, there, str(earlier.inside))
    while there and not _is_whole(workdir, there[-1], earlier):
        _remove(workdir, [there.pop()])
    return there


def _remove(workdir: Path, steps: Sequence[FinishedStep]) -> None:
    for step in steps:
        remove(workdir / step.folder)


def _state_file(workdir: Path, step: FinishedStep) -> str:
    """Return what a step has left; a checker whose error was deferred leaves what it was given."""
    out = f"{step.folder}/state_out.json"
    return out if changed(workdir, out) is not None else f"{step.folder}/state_in.json"


def _is_whole(workdir: Path, step: FinishedStep, earlier: Earlier) -> bool:
    """Return whether a step's state can be read and all the files that it names are there."""
    views = _views(workdir, step)
    return views is not None and all(_is_there(workdir, path, earlier) for path in views)


def _views(workdir: Path, step: FinishedStep) -> list[str] | None:
    """Return the paths of the files that make up a step's state; None if it cannot be read."""
    state = read_json(workdir, _state_file(workdir, step))
    if not isinstance(state, dict):
        return None
    return [path for key, value in state.items() if key != "metrics" for path in _texts(value)]


def _is_there(workdir: Path, path: str, earlier: Earlier) -> bool:
    if not Path(path).is_relative_to(earlier.inside):
        return False
    handle = open_plain(workdir, str(Path(path).relative_to(earlier.inside)))
    if handle is None:
        return False
    handle.close()
    return True


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _rename(workdir: Path, steps: Sequence[FinishedStep], inside: str) -> None:
    """Write the paths into the job's folder anew, if it has another name now."""
    old = _old_name(workdir, steps)
    if old is None or old == inside:
        return
    for step in steps:
        for name in _JSON:
            text = read_text(workdir, f"{step.folder}/{name}", _MOST_BYTES)
            renamed = text.replace(f'"{_quoted(old)}/', f'"{_quoted(inside)}/')
            if renamed != text:
                (workdir / step.folder / name).write_text(renamed)


def _old_name(workdir: Path, steps: Sequence[FinishedStep]) -> str | None:
    """Return where the job's folder was, by a file that a state names; None if there is none."""
    for step in reversed(steps):
        for path in _views(workdir, step) or ():
            name, found, _ = path.partition(f"/{step.folder.rpartition('/')[0]}/")
            if found:
                return name
    return None


def _quoted(text: str) -> str:
    return json.dumps(text)[1:-1]
