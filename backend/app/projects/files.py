"""The files of a project as they are now."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.clock import utcnow
from app.core.errors import ConflictError, NotFoundError, TooLargeError
from app.models import Project, ProjectFile


def list_files(session: Session, project: Project) -> list[ProjectFile]:
    """Return the project's files by path."""
    query = select(ProjectFile).where(ProjectFile.project_id == project.id)
    return list(session.scalars(query.order_by(ProjectFile.path)))


def get_file(session: Session, project: Project, path: str) -> ProjectFile:
    """Return one file; NotFoundError if there is none of that path."""
    file = _find(session, project, path)
    if file is None:
        raise NotFoundError(f"Project {project.id} has no file {path!r}.")
    return file


def put_file(
    session: Session, project: Project, path: str, digest: str, size: int, max_files: int
) -> ProjectFile:
    """Set the content of `path` to the blob `digest` of `size` bytes."""
    file = _find(session, project, path)
    if file is None:
        _check_new(session, project, path, max_files)
        file = ProjectFile(project_id=project.id, path=path)
        session.add(file)
    file.digest, file.size, file.updated_at = digest, size, utcnow()
    session.flush()
    return file


def delete_file(session: Session, project: Project, path: str) -> None:
    """Remove a file from the project; revisions that hold it keep it."""
    session.delete(get_file(session, project, path))


def _find(session: Session, project: Project, path: str) -> ProjectFile | None:
    return session.scalar(
        select(ProjectFile).where(ProjectFile.project_id == project.id, ProjectFile.path == path)
    )


def _check_new(session: Session, project: Project, path: str, max_files: int) -> None:
    """Refuse one file too many, and a file where a folder is or the other way round."""
    in_project = ProjectFile.project_id == project.id
    count = session.scalar(select(func.count()).select_from(ProjectFile).where(in_project)) or 0
    if count >= max_files:
        raise TooLargeError(f"A project holds at most {max_files} files.")
    parts = path.split("/")
    folders = ["/".join(parts[:end]) for end in range(1, len(parts))]
    if session.scalar(select(ProjectFile.id).where(in_project, ProjectFile.path.in_(folders))):
        raise ConflictError(f"{path!r}: one of its folders is a file of the project.")
    below = ProjectFile.path.startswith(path + "/", autoescape=True)
    if session.scalar(select(ProjectFile.id).where(in_project, below).limit(1)):
        raise ConflictError(f"{path!r} is a folder of the project.")
