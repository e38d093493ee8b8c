"""The Markdown of the repository, as its readers see it."""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

from app.cli.stack import BACKEND

ROOT = BACKEND.parent
_MARKDOWN = MarkdownIt("commonmark").enable("table")


@cache
def pages() -> list[Path]:
    """Return every Markdown file that Git knows or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


@cache
def tokens(page: Path) -> list[Token]:
    """Return what a page is made of, also what is within lines."""
    found = []
    for token in _MARKDOWN.parse(page.read_text()):
        found += [token, *(token.children or [])]
    return found


def links(page: Path) -> list[str]:
    """Return where a page's links lead, and its pictures."""
    places = [token.attrGet("href") or token.attrGet("src") for token in tokens(page)]
    return [str(place) for place in places if place]


def anchors(page: Path) -> set[str]:
    """Return a page's anchors, as code hosts and Sphinx make them of its headings."""
    found: dict[str, int] = {}
    whole = tokens(page)
    for place, token in enumerate(whole):
        if token.type == "heading_open":
            slug = re.sub(r"[^\w\- ]", "", whole[place + 1].content.lower()).replace(" ", "-")
            found[slug] = found.get(slug, -1) + 1
    return {slug + (f"-{n}" if n else "") for slug, last in found.items() for n in range(last + 1)}


def why_broken(page: Path, link: str) -> str | None:
    """Return what is wrong with a link; None if it is good, or leads to another site."""
    parts = urlsplit(link)
    if parts.scheme:
        return None if parts.scheme in ("https", "http") and parts.hostname else "is no address"
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not target.is_relative_to(ROOT) or not target.exists():
        return "is not there"
    if parts.fragment and parts.fragment not in anchors(target):
        return "has no such heading"
    return None


def code(page: Path) -> Iterator[str]:
    """Yield what a page has as code: blocks, with joined lines, and words within lines."""
    for token in tokens(page):
        if token.type in ("fence", "code_block"):
            yield from token.content.replace("\\\n", " ").splitlines()
        elif token.type == "code_inline":
            yield token.content
