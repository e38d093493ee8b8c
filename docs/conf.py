"""How Sphinx makes pages of these files: `./a6hub docs`.

They are plain Markdown, to be read where the code is as well. So the tree of pages is not written
for Sphinx: it is made of the lists of links in index.md.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "a6hub"
extensions = ["myst_parser"]
myst_heading_anchors = 4
html_theme = "furo"
html_title = "a6hub"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False

_PART = re.compile(r"^## (.+)\n((?:(?!## ).*\n)*)", re.MULTILINE)
_PAGE = re.compile(r"^- \[.+?\]\((\S+?)\.md\)", re.MULTILINE)


def setup(app: "Sphinx") -> None:
    """Have the tree made of index.md."""
    app.connect("source-read", _add_tree)


def _add_tree(_: "Sphinx", page: str, source: list[str]) -> None:
    if page == "index":
        source[0] += "".join(_tree(*part) for part in _PART.findall(source[0]))


def _tree(title: str, text: str) -> str:
    pages = "\n".join(_PAGE.findall(text))
    return f"\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n{pages}\n```\n" if pages else ""
