"""Which file names a project takes.

Any Unicode is fine, but what would leave the project's folder or break a tool that is given the
name on a command line, in Tcl or in Verilog is refused, with the reason.
"""

import unicodedata

from app.core.errors import InvalidError

MAX_PATH_BYTES = 512
MAX_PART_BYTES = 200
_FORBIDDEN = {
    "\\": "a backslash",
    '"': "a quotation mark",
    "'": "a quotation mark",
    "`": "a backquote",
    "$": "a dollar sign",
    ";": "a semicolon",
    "|": "a pipe sign",
    "<": "an angle bracket",
    ">": "an angle bracket",
    "*": "an asterisk",
    "?": "a question mark",
    "{": "a brace",
    "}": "a brace",
    "[": "a bracket",
    "]": "a bracket",
    ":": "a colon",
    "#": "a number sign",
    "%": "a percent sign",
}


def check_path(path: str) -> str:
    """Return `path` in Unicode's composed form (NFC); InvalidError says what is wrong with it."""
    path = unicodedata.normalize("NFC", path)
    problem = _problem(path)
    if problem:
        raise InvalidError.at("path", f"{path!r} {problem}")
    return path


def _problem(path: str) -> str | None:
    if not path:
        return "is empty; give the file a name."
    if path.startswith("/"):
        return "is absolute; give it relative to the project."
    if len(path.encode(errors="replace")) > MAX_PATH_BYTES:
        return f"is longer than {MAX_PATH_BYTES} bytes."
    return next(filter(None, map(_part_problem, path.split("/"))), None) or _character_problem(path)


def _part_problem(part: str) -> str | None:
    if part in ("", ".", ".."):
        return f"has the part {part!r}; name every folder."
    if part.startswith("-"):
        return "has a part that begins with a dash, which tools take for an option."
    if part != part.strip():
        return "has a part that begins or ends with a space."
    if len(part.encode(errors="replace")) > MAX_PART_BYTES:
        return f"has a part longer than {MAX_PART_BYTES} bytes."
    return None


def _character_problem(path: str) -> str | None:
    for character in path:
        if character in _FORBIDDEN:
            return f"holds {_FORBIDDEN[character]}, which tools do not take; rename the file."
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp", "Cn"):
            return f"holds the character U+{ord(character):04X}, which cannot be seen; rename it."
    return None
