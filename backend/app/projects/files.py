"""The files of a project as they are now."""

from collections.abc import Iterable, Mapping, Set

from sqlalchemy import select
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
    query = select(ProjectFile).where(
        ProjectFile.project_id == project.id, ProjectFile.path == path
    )
    file = session.scalar(query)
    if file is None:
        raise NotFoundError(f"Project {project.id} has no file {path!r}.")
    return file


def put_files(
    session: Session, project: Project, contents: Mapping[str, tuple[str, int]], max_files: int
) -> list[ProjectFile]:
    """Set the content of paths to blobs, given by digest and size in bytes; all or none.

    TooLargeError for more than `max_files`; ConflictError where a file would be a folder too.
    """
    files = {file.path: file for file in list_files(session, project)}
    _check_tree(files.keys() | contents.keys(), contents, max_files)
    for path, (digest, size) in contents.items():
        if path not in files:
            files[path] = ProjectFile(project_id=project.id, path=path)
            session.add(files[path])
        file = files[path]
        file.digest, file.size, file.updated_at = digest, size, utcnow()
    session.flush()
    return [files[path] for path in contents]


def delete_file(session: Session, project: Project, path: str) -> None:
    """Remove a file from the project; revisions that hold it keep it."""
    session.delete(get_file(session, project, path))


def _check_tree(paths: Set[str], new: Iterable[str], max_files: int) -> None:
    """Refuse one file too many, and a file where a folder is or the other way round."""
    if len(paths) > max_files:
        raise TooLargeError(f"A project holds at most {max_files} files.")
    folders = {folder: path for path in paths for folder in _folders(path)}
    for path in new:
        if path in folders:
            raise ConflictError(f"{path!r} is a folder: it holds {folders[path]!r}.")
        for folder in _folders(path):
            if folder in paths:
                raise ConflictError(f"{folder!r} is a file, so there can be no {path!r}.")


def _folders(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]
