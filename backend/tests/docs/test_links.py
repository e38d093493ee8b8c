"""Links lead somewhere, in every Markdown file."""

from pathlib import Path

import pytest

from tests.docs.pages import ROOT, links, pages, why_broken


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = {link: why for link in links(page) if (why := why_broken(page, link))}
    assert broken == {}


def test_there_are_pages_with_links() -> None:
    assert len(pages()) > 15
    assert sum(len(links(page)) for page in pages()) > 100


@pytest.mark.parametrize(
    ("link", "why"),
    [
        ("b.md", None),
        ("b.md#two-words", None),
        ("#here", None),
        ("https://example.org/x", None),
        ("c.md", "is not there"),
        ("../../../../../../etc/passwd", "is not there"),
        ("b.md#two", "has no such heading"),
        ("#nowhere", "has no such heading"),
        ("http:/x", "is no address"),
        ("javascript:x", "is no address"),
    ],
)
def test_what_is_broken_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: str, why: str | None
) -> None:
    monkeypatch.setattr("tests.docs.pages.ROOT", tmp_path)
    (tmp_path / "a.md").write_text("# Here\n")
    (tmp_path / "b.md").write_text("## Two `words`\n")
    assert why_broken(tmp_path / "a.md", link) == why
