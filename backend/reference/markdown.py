"""Tables and words in Markdown."""

from collections.abc import Iterable, Sequence

#: The first line of each page that is made.
NOTE = "<!-- Made from the code by `./a6hub docs`: change the code, not this page. -->\n\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; an empty text without rows."""
    lines = [_row(row) for row in rows]
    if not lines:
        return ""
    return "\n".join([_row(heads), _row(["---"] * len(heads)), *lines]) + "\n"


def code(text: object) -> str:
    """Return a text as code; of an empty one, nothing."""
    return f"`{text}`" if str(text) else ""


def one_line(text: str | None) -> str:
    """Return a text of several lines as one."""
    return " ".join((text or "").split())


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
