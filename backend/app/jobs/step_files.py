"""The files of a step that was kept when it ended."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import NotFoundError
from app.jobs.access import get_job
from app.models import KeptStep, Step, User


def kept_tree(session: Session, user: User, job_id: int, ordinal: int) -> str:
    """Return the digest of the tree with the files of a step of the job's newest attempt.

    NotFoundError when there is no such job or step for `user`, or its files are not kept.
    """
    job = get_job(session, user, job_id)
    newest = (Step.job_id == job.id) & (Step.attempt == job.attempt)
    step = session.scalar(select(Step).where(newest, Step.ordinal == ordinal))
    if step is None:
        raise NotFoundError(f"Job {job_id} has no step {ordinal}.")
    kept = select(KeptStep.tree_digest).where(
        KeptStep.job_id == job.id,
        KeptStep.attempt == job.attempt,
        KeptStep.folder == step.folder,
    )
    digest = session.scalar(kept)
    if digest is None:
        raise NotFoundError(f"The files of step {ordinal}, {step.name}, are not kept.")
    return digest
