"""What a run came to.

The exit status alone decides nothing: LibreLane ends with 0 and 'Flow complete.' with negative
slack, and with 2 both when a step breaks and when a finished layout has DRC errors.
"""

from dataclasses import dataclass
from pathlib import Path

from app.toolchains.base import Verdict
from app.toolchains.files import read_text
from app.toolchains.librelane import console as consoles
from app.toolchains.librelane.metrics import (
    Metrics,
    has_final_metrics,
    read_metrics,
    unchecked,
    violations,
)
from app.toolchains.librelane.run_directory import StepFolder, has_ended_well, step_folders

_GOOD_ENDS = (0, 2)  # 2 also says that a checker found something
_MOST_TEXT = 600
_MARKS = ("Traceback", "ERROR", "Error", "%Error")


@dataclass(frozen=True)
class Judgement:
    """A verdict with its sentence; `finished`: the flow came to its end."""

    finished: bool
    verdict: Verdict
    message: str
    metrics: Metrics


def judge(run: Path, exit_code: int, console: str = "") -> Judgement:
    """Judge a run by its folder. `console` is the end of what LibreLane printed."""
    metrics = read_metrics(run)
    broken = _broken_step(run)
    if broken is not None:
        message = f"{broken.name} failed: {_trouble(run, broken, console)}"
        return Judgement(False, Verdict.FAILED, message, metrics)
    if exit_code not in _GOOD_ENDS or not has_final_metrics(run):
        message = f"LibreLane stopped: {_said(console) or _no_reason(exit_code)}"
        return Judgement(False, Verdict.FAILED, message, metrics)
    return _judge_finished(run, exit_code, metrics)


def _judge_finished(run: Path, exit_code: int, metrics: Metrics) -> Judgement:
    found = violations(metrics)
    if not found and exit_code != 0:
        found = [_errors(run) or "LibreLane reported errors; its log tells which"]
    if found:
        message = f"Finished with violations: {', '.join(found).removesuffix('.')}."
        return Judgement(True, Verdict.VIOLATIONS, message, metrics)
    missing = unchecked(metrics)
    note = f" Not checked: {', '.join(missing)}." if missing else ""
    return Judgement(True, Verdict.CLEAN, f"Finished without violations.{note}", metrics)


def _broken_step(run: Path) -> StepFolder | None:
    """Return the step that broke the flow: the last one, not ended well.

    One before it that has not ended well is a checker whose error was deferred, and so is a last
    checker if the flow went on to save its results.
    """
    steps = step_folders(run)
    if not steps or has_ended_well(run, steps[-1].folder):
        return None
    deferred = steps[-1].is_checker and has_final_metrics(run)
    return None if deferred else steps[-1]


def _trouble(run: Path, step: StepFolder, console: str) -> str:
    """Return the tool's own words: from error.log, the step's log, or what LibreLane printed."""
    logs = (f"{step.folder}/{name}.log" for name in (step.folder.split("-", 1)[1], "step"))
    in_logs = (_last_error(read_text(run, log)) for log in logs)
    words = (_errors(run), *in_logs, _said(console))
    return next(filter(None, words), "its log tells why.")


def _errors(run: Path) -> str:
    return read_text(run, "error.log").strip()[:_MOST_TEXT]


def _said(console: str) -> str:
    return (consoles.errors(console) or _last_error(console))[:_MOST_TEXT]


def _last_error(text: str) -> str:
    """Return the text from its last line that looks like an error on."""
    lines = text.strip().splitlines()
    marked = [number for number, line in enumerate(lines) if line.lstrip().startswith(_MARKS)]
    return "\n".join(lines[marked[-1] :])[:_MOST_TEXT] if marked else ""


def _no_reason(exit_code: int) -> str:
    return f"it ended with status {exit_code} and left no results; its log tells why."
