"""How a run ended: at which step it broke, or that it came to its end.

Neither the exit status nor the last line of flow.log tells. 'Flow complete.' may be of a viewer
that was opened later; `final/` may be of an earlier run in the same directory, and until LibreLane
2.4 a flow whose checkers had found something ended without one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.toolchains.base import StepStatus
from app.toolchains.librelane.flow_log import DEFERRED, FlowLog, LoggedStep, Session
from app.toolchains.librelane.run_directory import StepFolder
from app.toolchains.librelane.step_names import readable_name

#: A flow that has a manufacturability report ends with it.
_LAST = "Misc.ReportManufacturability"


@dataclass(frozen=True)
class Ending:
    """`finished`: the flow came to its end; else `step` is the id of the one that broke it.

    `deferred` are the ids of checkers that found something and let the flow go on.
    """

    finished: bool
    step: str | None = None
    folder: StepFolder | None = None
    deferred: tuple[str, ...] = ()

    @property
    def name(self) -> str | None:
        """The name of the step that broke the flow."""
        if self.folder is not None:
            return self.folder.name
        return readable_name(self.step) if self.step else None


def ending_of(steps: Sequence[StepFolder], log: FlowLog, has_final: bool) -> Ending:
    """Return how a run ended that runs no more."""
    noted = [step for step in steps if step.has_notes]
    session = log.last
    if session is not None and (not noted or _is_elsewhere(session, steps)):
        return _by_log(session, log)
    if not noted:
        return Ending(has_final)
    last = noted[-1]
    if not last.ended_well and not _went_on(last, session, log, has_final):
        return Ending(False, last.step, last)
    deferred = tuple(step.step for step in noted if _has_deferred(step, noted))
    return Ending(_came_to_end(last, session, has_final, deferred), deferred=deferred)


def deferred_texts(log: FlowLog, step: str) -> list[str]:
    """Return what a checker said that it found, as '3 Magic DRC errors found.'."""
    logged = [one for one in log.last.steps if one.step == step] if log.last else []
    texts = [text for one in logged for text in log.errors_in(one)]
    return [text.removesuffix(DEFERRED).strip() for text in texts if text.endswith(DEFERRED)]


def _is_elsewhere(session: Session, steps: Sequence[StepFolder]) -> bool:
    """Return whether the log tells of a last step whose folder is not there."""
    return not any(session.steps[-1].is_of(step) for step in steps)


def _by_log(session: Session, log: FlowLog) -> Ending:
    """Return how a run ended of whose last steps only the log is kept."""
    last = session.steps[-1]
    deferred = tuple(one.step for one in log.deferred(session))
    if session.ended or last.step in deferred:
        return Ending(True, deferred=deferred)
    if last.step == _LAST:  # only what was deferred keeps a flow from completing after it
        return Ending(True, deferred=deferred or (_LAST,))
    return Ending(False, last.step)


def logged_statuses(session: Session, log: FlowLog) -> Iterator[tuple[LoggedStep, StepStatus]]:
    """Yield the steps of a session that is over, with how they ended as far as the log tells."""
    if not session.steps:
        return
    broke = not _by_log(session, log).finished
    deferred = log.deferred(session)
    for one in session.steps:
        failed = one in deferred or (broke and one is session.steps[-1])
        yield one, StepStatus.FAILED if failed else StepStatus.COMPLETED


def _has_deferred(step: StepFolder, steps: Sequence[StepFolder]) -> bool:
    """Return whether a checker found something, let the flow go on and was not run again."""
    if step.ended_well or not step.is_checker or step.defers is False:
        return False
    later = steps[steps.index(step) + 1 :]
    return all(step.step != other.step for other in later)


def _went_on(last: StepFolder, session: Session | None, log: FlowLog, has_final: bool) -> bool:
    """Return whether the flow went on after its last step, which did not end well."""
    logged = [one for one in session.steps if one.is_of(last)] if session else []
    if session is not None and session.ended:
        return bool(logged)
    if any(log.says_deferred(one) for one in logged):
        return True
    if last.defers:  # it would have said so, unless it is one that never does
        return not logged or any(one.is_silent for one in logged)
    return last.defers is None and has_final


def _came_to_end(
    last: StepFolder, session: Session | None, has_final: bool, deferred: Sequence[str]
) -> bool:
    """Return whether a flow had no more to do after a last step that did not break it."""
    if last.step == _LAST or deferred:
        return True
    return session.ended if session is not None else has_final
