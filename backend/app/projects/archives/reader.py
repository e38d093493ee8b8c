"""The common part of all formats: which format it is, and the vetting of what is in it."""

from collections.abc import Iterator
from typing import BinaryIO

from app.projects.archives import formats
from app.projects.archives.entries import Copy, Entry, File, Kind, LeftOut, Member
from app.projects.archives.limits import Budget, Limits
from app.projects.archives.links import resolve, target_path
from app.projects.archives.names import left_out, project_path, relative_parts
from app.projects.archives.refusal import RefusedError
from app.projects.collisions import Tree


def read_archive(file: BinaryIO, limits: Limits) -> Iterator[Entry]:
    """Yield what an archive holds; `file` can seek. RefusedError, also when nearly all is read."""
    budget = Budget(limits)
    vetting = _Vetting(budget)
    for member in formats.members(file, budget):
        yield from vetting.entries(member)
    yield from vetting.copies()


class _Vetting:
    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._tree = Tree()
        self._sizes: dict[str, int] = {}
        self._links: dict[str, str] = {}

    def entries(self, member: Member) -> Iterator[Entry]:
        parts = relative_parts(member.name)
        junk = left_out(parts)
        if junk:
            yield LeftOut(*junk)
        elif parts:
            path = self._placed(member, parts)
            if member.kind is Kind.FILE:
                yield from self._file(path, member)
            elif member.kind is not Kind.FOLDER:
                self._links[path] = target_path(member)
        elif member.kind is not Kind.FOLDER:
            raise RefusedError("has no name.", member.name)

    def copies(self) -> Iterator[Entry]:
        for path, of in resolve(self._links, self._sizes).items():
            self._budget.count_bytes(self._sizes[of])
            yield Copy(path, of)

    def _placed(self, member: Member, parts: list[str]) -> str:
        """Return the path, which is a new one and stands in nobody's way."""
        path = project_path(member.name, parts)
        folder = member.kind is Kind.FOLDER
        problem = self._tree.problem(path, folder=folder)
        if problem:
            raise RefusedError(problem, member.name)
        self._tree.add(path, folder=folder)
        return path

    def _file(self, path: str, member: Member) -> Iterator[Entry]:
        self._budget.limits.check_file(member.size, member.name)
        self._sizes[path] = 0
        chunks = self._counted(path, member)
        yield File(path, chunks)
        for _ in chunks:  # what the caller left: it may yet turn out to be broken
            pass

    def _counted(self, path: str, member: Member) -> Iterator[bytes]:
        for chunk in member.chunks:
            self._sizes[path] += len(chunk)
            self._budget.limits.check_file(self._sizes[path], member.name)
            yield chunk
