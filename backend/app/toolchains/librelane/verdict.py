"""What a run came to."""

from dataclasses import dataclass
from pathlib import Path

from app.toolchains.base import Verdict
from app.toolchains.librelane.ending import Ending, deferred_texts, ending_of
from app.toolchains.librelane.findings import Failure, Violation
from app.toolchains.librelane.flow_log import FlowLog
from app.toolchains.librelane.metrics import Metrics, final_metrics, last_metrics
from app.toolchains.librelane.run_directory import StepFolder, step_folders
from app.toolchains.librelane.step_names import readable_name
from app.toolchains.librelane.trouble import Trouble
from app.toolchains.librelane.violations import KIND_OF_CHECKER, TOLERATED, unchecked, violations

_GOOD_ENDS = (0, 2)  # 2 also says that a checker found something


@dataclass(frozen=True)
class Judgement:
    """A verdict with its sentence; `finished`: the flow came to its end.

    `tolerated` is what LibreLane by default only warns of; it does not change the verdict.
    """

    finished: bool
    verdict: Verdict
    message: str
    metrics: Metrics
    violations: tuple[Violation, ...] = ()
    failure: Failure | None = None
    tolerated: tuple[Violation, ...] = ()


def judge(run: Path, exit_code: int, console: str = "") -> Judgement:
    """Judge a run by its folder. `console` is the end of what LibreLane printed.

    The exit status alone decides nothing: LibreLane ends with 0 and 'Flow complete.' with negative
    slack, and with 2 both when a step breaks and when a finished layout has DRC errors.
    """
    log = FlowLog(run).read(ended=True)
    steps = log.identified(step_folders(run))
    final = final_metrics(run)
    ending = ending_of(steps, log, final is not None)
    trouble = Trouble(run, steps, log, console, exit_code)
    if not ending.finished or exit_code not in _GOOD_ENDS:
        return _failed(ending, trouble, _metrics(run, steps, final, ending))
    return _finished(ending, trouble, log, _metrics(run, steps, final, ending))


def _metrics(run: Path, steps: list[StepFolder], final: Metrics | None, ending: Ending) -> Metrics:
    """Return the final metrics, or the last step's where the final ones may be of an earlier run.

    Steps that ran side by side have no metrics in common.
    """
    if len({step.ordinal for step in steps}) < len(steps):
        return final or {}
    is_whole = ending.finished and not ending.deferred
    last = None if is_whole and final is not None else last_metrics(run, steps)
    return last or final or {}


def _failed(ending: Ending, trouble: Trouble, metrics: Metrics) -> Judgement:
    failure = trouble.failure(ending)
    who = f"{failure.name} failed" if failure.name else "LibreLane stopped"
    message = f"{who}: {failure.message}"
    return Judgement(False, Verdict.FAILED, message, metrics, (), failure)


def _finished(ending: Ending, trouble: Trouble, log: FlowLog, metrics: Metrics) -> Judgement:
    found, tolerated = _found(ending, trouble, log, metrics)
    if found:
        message = f"Finished with violations: {_texts(found)}."
        verdict = Verdict.VIOLATIONS
    else:
        missing = unchecked(metrics)
        note = f" Not checked: {', '.join(missing)}." if missing else ""
        message = f"Finished without violations.{note}"
        verdict = Verdict.CLEAN
    if tolerated:
        message += f" Tolerated: {_texts(tolerated)}."
    return Judgement(True, verdict, message, metrics, tuple(found), None, tuple(tolerated))


def _found(
    ending: Ending, trouble: Trouble, log: FlowLog, metrics: Metrics
) -> tuple[list[Violation], list[Violation]]:
    """Return the violations, and what is tolerated: unless nothing else explains an error."""
    every = violations(metrics)
    errors = {KIND_OF_CHECKER.get(checker) for checker in ending.deferred}
    tolerated = [one for one in every if one.kind in TOLERATED and one.kind not in errors]
    found = [one for one in every if one not in tolerated]
    known = {one.kind for one in found}
    unknown = [one for one in ending.deferred if KIND_OF_CHECKER.get(one) not in known]
    found += [_deferred(checker, log, trouble) for checker in unknown]
    if not found and trouble.exit_code != 0:
        text = trouble.errors() or "LibreLane reported errors; its log tells which"
        return tolerated or [Violation("check", None, text)], []
    return found, tolerated


def _texts(found: list[Violation]) -> str:
    return ", ".join(one.text for one in found).removesuffix(".")


def _deferred(checker: str, log: FlowLog, trouble: Trouble) -> Violation:
    """Return what a checker found that no metric tells (any more)."""
    texts = deferred_texts(log, checker) or [trouble.errors()]
    text = texts[0].removesuffix(" found.") or f"errors in {readable_name(checker)!r}"
    many = text.split(" ", 1)[0]
    count = int(many) if many.isdigit() and len(many) < 10 else None
    return Violation(KIND_OF_CHECKER.get(checker, "check"), count, text)
