"""Revisions: what a job runs, fixed at the moment it is submitted."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.models import Project, Revision
from app.projects.files import list_files
from app.storage.trees import TreeFile


def current_tree(session: Session, project: Project) -> dict[str, TreeFile]:
    """Return the project's files of this moment, by path."""
    return {file.path: TreeFile(file.digest, file.size) for file in list_files(session, project)}


def keep_revision(session: Session, project: Project, tree_digest: str) -> Revision:
    """Return the project's revision with this tree; equal files, same revision."""
    wanted = select(Revision).where(
        Revision.project_id == project.id, Revision.tree_digest == tree_digest
    )
    # Locked, so that it does not go with the last other job of it before ours is there.
    revision = session.scalar(wanted.with_for_update(read=True, key_share=True))
    if revision is not None:
        return revision
    try:
        with session.begin_nested():
            revision = Revision(project_id=project.id, tree_digest=tree_digest)
            session.add(revision)
    except IntegrityError:  # somebody else has just kept the same
        return session.scalars(wanted).one()
    return revision
