"""Which file names a project takes.

Any Unicode that can be seen is fine, but what would leave the project's folder, look like another
name, or break a tool that is given the name on a command line, in Tcl, in a makefile or in Verilog
is refused, with the reason. Names that only Windows keeps for itself (`aux.v`, `con.v`) are taken:
nothing here runs on Windows. So are spaces: the tools that we run take them.
"""

import unicodedata

from app.core.errors import InvalidError

MAX_PATH_BYTES = 512
MAX_PART_BYTES = 200
#: Folders and the file itself.
MAX_PARTS = 32
_FORBIDDEN = {
    "\\": "a backslash",
    '"': "a quotation mark",
    "'": "a quotation mark",
    "`": "a backquote",
    "$": "a dollar sign",
    "&": "an ampersand",
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
_FIRST = {
    "-": "a dash, which tools take for an option",
    "+": "a plus sign, which simulators take for an option",
    "@": "an at sign, which tools take for a list of files",
    "~": "a tilde, which tools take for a home folder",
}
#: Categories of characters that are not seen, or seen otherwise by each reader: controls (among
#: them those that turn the direction of writing), halves of surrogate pairs, ends of line, what is
#: private or not assigned.
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
#: Letters and marks that are drawn as nothing: Unicode's Default_Ignorable_Code_Point, and a blank.
_BLANKS = (
    *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800, 0x3164),
    *range(0xFE00, 0xFE10),
    0xFFA0,
    *range(0xE0100, 0xE01F0),
)


def check_path(path: str) -> str:
    """Return `path` in Unicode's composed form (NFC); InvalidError says what is wrong with it."""
    path = unicodedata.normalize("NFC", path)
    problem = _problem(path)
    if problem:
        raise InvalidError.at("path", f"{path[:MAX_PATH_BYTES]!r} {problem}")
    return path


def _problem(path: str) -> str | None:
    if not path:
        return "is empty; give the file a name."
    if path.startswith("/"):
        return "is absolute; give it relative to the project."
    if len(path.encode(errors="replace")) > MAX_PATH_BYTES:
        return f"is longer than {MAX_PATH_BYTES} bytes."
    parts = path.split("/")
    if len(parts) > MAX_PARTS:
        return f"has more than {MAX_PARTS} parts."
    return next(filter(None, map(_part_problem, parts)), None) or _character_problem(path)


def _part_problem(part: str) -> str | None:
    if part in ("", ".", ".."):
        return f"has the part {part!r}; name every folder."
    if part[0] in _FIRST:
        return f"has a part that begins with {_FIRST[part[0]]}."
    if unicodedata.category(part[0]).startswith("M"):
        return "has a part that begins with an accent without a letter."
    if part != part.strip():
        return "has a part that begins or ends with a space."
    if len(part.encode(errors="replace")) > MAX_PART_BYTES:
        return f"has a part longer than {MAX_PART_BYTES} bytes."
    return None


def _character_problem(path: str) -> str | None:
    for character in path:
        if character in _FORBIDDEN:
            return f"holds {_FORBIDDEN[character]}, which tools do not take; rename the file."
        if unicodedata.category(character) in _UNSEEN or ord(character) in _BLANKS:
            return f"holds the character U+{ord(character):04X}, which cannot be seen; rename it."
        if unicodedata.category(character) == "Zs" and character != " ":
            return f"holds the space U+{ord(character):04X}; use the usual one, or none."
    return None
