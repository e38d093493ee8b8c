"""What an attempt can begin with: kept steps of the one before, or of a job that it continues."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.executors.folders import remove
from app.jobs.claims import Claim
from app.jobs.patience import patiently
from app.jobs.steps import Told
from app.models import Attempt, KeptStep, Step
from app.storage.store import Store
from app.storage.trees import write_tree
from app.toolchains.base import Earlier, FinishedStep


@dataclass(frozen=True)
class Kept:
    """The kept steps of one attempt, in order, and with which tools they were made."""

    attempt: Claim
    tools: str
    steps: Sequence[KeptStep]
    #: What was told of them, by their folders.
    told: Mapping[str, Told]
    #: Whether it is another job's, which the user chose.
    is_chosen: bool


def find_kept(session: Session, mine: Claim, continues: int | None) -> Kept | None:
    """Return what an attempt can begin with: its job's newest kept steps, else the other job's."""
    own = _newest(session, mine.job_id, before=mine.attempt)
    if own is None and continues is not None:
        return _newest(session, continues, is_chosen=True)
    return own


def beginning(kept: Kept, mine: Claim, restored: Sequence[FinishedStep]) -> str:
    """Return, for people, with what an attempt begins."""
    same = kept.attempt.job_id == mine.job_id
    whose = f"attempt {kept.attempt.attempt}" if same else f"job {kept.attempt.job_id}"
    if restored:
        return f"goes on from {whose}: after {restored[-1].step}"
    return f"begins anew: what {whose} finished cannot be used here (made by {kept.tools})"


def kept_steps(session: Session, job_id: int) -> Kept | None:
    """Return the kept steps of a job's newest attempt that has any."""
    return _newest(session, job_id)


def _newest(
    session: Session, job_id: int, before: int | None = None, is_chosen: bool = False
) -> Kept | None:
    query = select(KeptStep.attempt).where(KeptStep.job_id == job_id)
    if before is not None:
        query = query.where(KeptStep.attempt < before)
    number = session.scalar(query.order_by(KeptStep.attempt.desc()).limit(1))
    if number is None:
        return None
    of_attempt = (KeptStep.job_id == job_id) & (KeptStep.attempt == number)
    steps = session.scalars(select(KeptStep).where(of_attempt).order_by(KeptStep.id)).all()
    tools = session.scalar(
        select(Attempt.tools).where(Attempt.job_id == job_id, Attempt.number == number)
    )
    return Kept(
        Claim(job_id, number), tools or "", steps, _told(session, job_id, number), is_chosen
    )


def _told(session: Session, job_id: int, number: int) -> dict[str, Told]:
    of_attempt = (Step.job_id == job_id) & (Step.attempt == number)
    steps = session.scalars(select(Step).where(of_attempt))
    return {step.folder: _told_of(step) for step in steps if step.folder}


def _told_of(step: Step) -> Told:
    return Told(
        step.started_at.timestamp() if step.started_at else None,
        step.warning_count,
        step.error_count,
        tuple(step.notes.get("warnings", ())),
        tuple(step.notes.get("errors", ())),
    )


def as_earlier(
    kept: Kept, store: Store, folder: Path, inside: PurePath, stop: threading.Event
) -> Earlier:
    """Return what a toolchain is told; `folder` is the job's, `inside` where its tools find it.

    A store that is away is waited for. Nothing more is fetched when `stop` is set.
    """
    digests = {step.folder: step.tree_digest for step in kept.steps}

    def fetch(step: FinishedStep) -> None:
        if stop.is_set():
            raise InterruptedError("the attempt has to end")
        patiently(lambda: _write(store, digests[step.folder], folder / step.folder), stop)

    return Earlier(
        tools=kept.tools,
        steps=tuple(FinishedStep(step.step, step.folder) for step in kept.steps),
        fetch=fetch,
        inside=inside,
        is_chosen=kept.is_chosen,
    )


def _write(store: Store, digest: str, folder: Path) -> None:
    remove(folder)  # what a try before has left
    write_tree(store, digest, folder)
