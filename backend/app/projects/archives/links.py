"""Links in archives.

A link to a file of the same archive becomes a copy of that file: nothing of a project is ever a
link. Every other link is refused: one that leaves the archive, leads to a folder or to nothing.
"""

from collections.abc import Collection, Mapping

from app.projects.archives.entries import Kind, Member
from app.projects.archives.names import project_path, relative_parts
from app.projects.archives.refusal import RefusedError

#: How long a chain of links may be, as for Linux: resolving must not grow faster than the archive.
MOST_LINKS = 40


def target_path(link: Member) -> str:
    """Return the path that a link leads to; RefusedError if it leaves the archive."""
    if link.target.startswith("/"):
        raise RefusedError(f"is a link that leaves the archive, to {link.target!r}.", link.name)
    parts = relative_parts(link.name)[:-1] if link.kind is Kind.SYMLINK else []
    for part in link.target.split("/"):
        if part == ".." and not parts:
            raise RefusedError(f"is a link that leaves the archive, to {link.target!r}.", link.name)
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return project_path(link.name, parts)


def resolve(links: Mapping[str, str], files: Collection[str]) -> dict[str, str]:
    """Return, for each link, the file at the end of its chain; RefusedError if there is none."""
    return {path: _end(path, links, files) for path in links}


def _end(path: str, links: Mapping[str, str], files: Collection[str]) -> str:
    seen = {path}
    target = links[path]
    while target in links:
        if target in seen:
            raise RefusedError("is a link that leads back to itself.", path)
        if len(seen) == MOST_LINKS:
            raise RefusedError(f"is a link over more than {MOST_LINKS} others.", path)
        seen.add(target)
        target = links[target]
    if target not in files:
        raise RefusedError(f"is a link to {target!r}, which is no file of the archive.", path)
    return target
