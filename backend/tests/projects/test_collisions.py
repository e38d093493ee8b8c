"""Names that get in each other's way."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from app.projects.collisions import Tree

PARTS = st.sampled_from(["a", "A", "b", "straße", "STRASSE", "é", "É", "\u0131", "I"])
PATHS = st.lists(PARTS, min_size=1, max_size=3).map("/".join)


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", path.casefold())


@given(st.lists(PATHS, max_size=12))
def test_what_has_no_problem_can_lie_on_any_disk(paths: list[str]) -> None:
    tree, placed = Tree(), []
    for path in paths:
        if tree.problem(path) is None:
            tree.add(path)
            placed.append(path)
    folded = {_folded(path) for path in placed}
    assert len(folded) == len(placed)
    for path in folded:
        assert not any(other.startswith(f"{path}/") for other in folded)


@given(PATHS, PATHS)
def test_it_does_not_matter_which_comes_first(first: str, second: str) -> None:
    one, other = Tree(), Tree()
    one.add(first)
    other.add(second)
    assert (one.problem(second) is None) == (other.problem(first) is None)


def test_empty_folders() -> None:
    tree = Tree()
    tree.add("rtl", folder=True)
    assert tree.problem("RTL", folder=True) is None
    assert tree.problem("rtl/a.v") is None
    assert "is a folder" in str(tree.problem("Rtl"))
    tree.add("a.v")
    assert "is a file" in str(tree.problem("a.v", folder=True))
