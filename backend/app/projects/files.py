"""The files of a project as they are now."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.clock import utcnow
from app.core.errors import ConflictError, NotFoundError, TooLargeError
from app.core.settings import Settings
from app.models import Project, ProjectFile
from app.projects.collisions import Tree

#: Digest and size in bytes of a file's content.
Content = tuple[str, int]


@dataclass(frozen=True)
class Bounds:
    """How much one project may hold."""

    files: int
    bytes: int

    @classmethod
    def of(cls, settings: Settings) -> "Bounds":
        """Return this a6hub's."""
        return cls(settings.max_project_files, settings.max_project_bytes)


@dataclass(frozen=True)
class Changes:
    """What became, or would become, of a project's files; paths in order."""

    added: list[str]
    changed: list[str]
    unchanged: list[str]
    removed: list[str]


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


def take_turn(session: Session, project_id: int) -> None:
    """Wait for others that change the project's files: two at once would add one path twice."""
    session.execute(select(Project.id).where(Project.id == project_id).with_for_update())


def put_files(
    session: Session,
    project: Project,
    contents: Mapping[str, Content],
    bounds: Bounds,
    *,
    replace: bool = False,
) -> Changes:
    """Set the content of paths to blobs, all or none; with `replace`, remove all other files.

    Raises what plan() raises.
    """
    files = {file.path: file for file in list_files(session, project)}
    changes = plan(files, contents, bounds, replace=replace)
    for path in changes.removed:
        session.delete(files[path])
    session.flush()  # a name that only in case is another's may take that one's place
    for path in changes.added:
        files[path] = ProjectFile(project_id=project.id, path=path)
        session.add(files[path])
    for path in [*changes.added, *changes.changed]:
        file = files[path]
        (file.digest, file.size), file.updated_at = contents[path], utcnow()
    session.flush()
    return changes


def plan(
    files: Mapping[str, ProjectFile],
    contents: Mapping[str, Content],
    bounds: Bounds,
    *,
    replace: bool = False,
) -> Changes:
    """Return what would become of a project's `files`.

    TooLargeError for more than a project may hold; ConflictError where a file would be a folder
    too, or would differ from another only in case.
    """
    stay = {} if replace else {path: file for path, file in files.items() if path not in contents}
    _check_bounds([file.size for file in stay.values()], contents, bounds)
    _check_names(stay, contents, known=files.keys() & contents.keys())
    old = {path for path in contents if path in files and files[path].digest == contents[path][0]}
    return Changes(
        added=sorted(contents.keys() - files.keys()),
        changed=sorted((contents.keys() & files.keys()) - old),
        unchanged=sorted(old),
        removed=sorted(files.keys() - contents.keys() - stay.keys()),
    )


def delete_file(session: Session, project: Project, path: str) -> None:
    """Remove a file from the project; revisions that hold it keep it."""
    session.delete(get_file(session, project, path))


def _check_bounds(staying: list[int], contents: Mapping[str, Content], bounds: Bounds) -> None:
    if len(staying) + len(contents) > bounds.files:
        raise TooLargeError(f"A project holds at most {bounds.files} files.")
    if sum(staying) + sum(size for _, size in contents.values()) > bounds.bytes:
        raise TooLargeError(f"A project holds at most {bounds.bytes} bytes.")


def _check_names(
    stay: Mapping[str, ProjectFile], contents: Mapping[str, Content], known: set[str]
) -> None:
    """Refuse new names that are in the way of others; `known` ones were there before."""
    tree = Tree()
    for path in [*stay, *known]:
        tree.add(path)
    for path in contents:
        if path not in known:
            problem = tree.problem(path)
            if problem:
                raise ConflictError(problem)
            tree.add(path)
