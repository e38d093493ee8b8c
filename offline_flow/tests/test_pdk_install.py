"""Where the PDK goes, with a stand-in for its making, which takes a minute."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from librelane_plugin_offline.pdk import install as installing


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders in which something was made."""
    folders: list[Path] = []

    def make(root: Path, _say: Callable[[str], None]) -> None:
        (root / "libs.tech").mkdir(parents=True)
        folders.append(root)

    maker = SimpleNamespace(make=make)
    monkeypatch.setitem(sys.modules, "librelane_plugin_offline.pdk.maker", maker)
    return folders


def _install(root: Path) -> bool:
    return installing.install(root, lambda _: None)


def test_once_and_again_when_its_maker_has_changed(tmp_path: Path, made: list[Path]) -> None:
    assert _install(tmp_path)
    assert (tmp_path / "sky130A" / "libs.tech").is_dir()
    assert not _install(tmp_path)
    (tmp_path / "sky130A" / "made-by").write_text("by another")
    assert _install(tmp_path)
    assert len(made) == 2
    assert not (tmp_path / ".sky130A.new").exists()


def test_the_link_of_another_stays(tmp_path: Path, made: list[Path]) -> None:
    theirs = tmp_path / "ciel" / "sky130" / "versions" / "8afc83" / "sky130A"
    theirs.mkdir(parents=True)
    (tmp_path / "sky130A").symlink_to(theirs)
    assert _install(tmp_path)
    assert not _install(tmp_path)
    assert (tmp_path / "sky130A").readlink() == theirs
    assert installing.place(tmp_path).parent.name == "a6hub"
    assert (installing.place(tmp_path) / "libs.tech").is_dir()
    assert list(theirs.iterdir()) == []
    assert len(made) == 1
