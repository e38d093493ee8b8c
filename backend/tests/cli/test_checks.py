"""`./a6hub test`: what fails beside others is tried once more, alone."""

from pathlib import Path

import pytest

from app.cli import checks

_ONCE = """\
from pathlib import Path

def test_it():
    tried = Path("tried")
    again = tried.exists()
    tried.touch()
    assert again
"""
_ALWAYS = "def test_it():\n    assert False\n"
_NEVER = "def test_it():\n    Path('ran').open('a').write('x')\n"


def _told(monkeypatch: pytest.MonkeyPatch, folder: Path, source: str) -> bool:
    """Whether a folder of one such test passes, beside another that does."""
    (folder / "test_this.py").write_text(source)
    (folder / "test_other.py").write_text(f"from pathlib import Path\n\n{_NEVER}")
    monkeypatch.setattr(checks, "BACKEND", folder)
    return checks._backend_passes([])


def test_what_passes_alone_passes_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert _told(monkeypatch, tmp_path, _ONCE)
    said = capfd.readouterr()
    assert "FAILED test_this.py::test_it" in said.out
    assert "failed beside others" in said.err
    assert (tmp_path / "ran").read_text() == "x"  # what passed is not run again


def test_what_fails_alone_too_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not _told(monkeypatch, tmp_path, _ALWAYS)


def test_a_file_that_cannot_be_read_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not _told(monkeypatch, tmp_path, "import no_such_module\n")
