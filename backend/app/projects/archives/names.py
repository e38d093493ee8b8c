"""From the names in an archive to paths in a project."""

import re
from fnmatch import fnmatchcase

from app.core.errors import InvalidError
from app.projects.archives.refusal import RefusedError
from app.projects.paths import check_path

_DRIVE = re.compile(r"[A-Za-z]:")
_LONGEST = 1024
_VERSION_CONTROL = (".git", ".hg", ".svn", ".bzr", "CVS", "_darcs")
_DESKTOPS = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", "._*")
#: Names of files and folders that nobody wants in a project, each with the reason; a * at the end
#: stands for any end. The page of a project goes by them too.
UNWANTED = {
    **dict.fromkeys(_VERSION_CONTROL, "belongs to version control"),
    **dict.fromkeys(_DESKTOPS, "was put there by a desktop"),
}


def decode_name(name: bytes) -> str:
    """Return an entry's name as text; RefusedError if it is not UTF-8."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        shown = name.decode(errors="backslashreplace")
        raise RefusedError("has a name that is not UTF-8; pack it anew.", shown) from None


def relative_parts(name: str) -> list[str]:
    """Return a name's parts without '.' and '//'; RefusedError if it leaves the archive."""
    if len(name) > _LONGEST:
        raise RefusedError(f"has a name longer than {_LONGEST} characters.", name)
    if name.startswith("/"):
        raise RefusedError("is absolute; names in an archive must be relative.", name)
    if _DRIVE.match(name):
        raise RefusedError("names a drive; names in an archive must be relative.", name)
    if "\\" in name:
        raise RefusedError("has backslashes in its name; pack it with / between folders.", name)
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise RefusedError("climbs out of its folder with '..'.", name)
    return parts


def left_out(parts: list[str]) -> tuple[str, str] | None:
    """Return what of this path nobody wants in a project, and why; None for all else."""
    for end, part in enumerate(parts, start=1):
        reason = _junk(part)
        if reason:
            return "/".join(parts[:end]), reason
    return None


def _junk(part: str) -> str | None:
    found = (why for name, why in UNWANTED.items() if fnmatchcase(part, name))
    return next(found, None)


def project_path(name: str, parts: list[str]) -> str:
    """Return the path in the project; RefusedError if projects take no such name."""
    try:
        return check_path("/".join(parts))
    except InvalidError as error:
        raise RefusedError(error.errors[0].message, name) from None
