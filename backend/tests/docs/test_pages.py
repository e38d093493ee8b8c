"""The pages: references are what the code says, and all of it is built without a warning."""

import re
import subprocess
from pathlib import Path

import pytest
from bootstrap.main import _NEEDS, _USAGE

from app.cli.__main__ import COMMANDS
from app.cli.docs import sphinx
from reference.pages import FOLDER, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_references_are_what_the_code_says(name: str) -> None:
    assert (FOLDER / f"{name}.md").read_text() == PAGES[name](), "run ./a6hub docs"


def test_pages_are_built_without_a_warning_and_need_no_network(tmp_path: Path) -> None:
    done = subprocess.run(sphinx(tmp_path), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for page in tmp_path.rglob("*.html"):
        loaded = re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="([^"]+)"', page.read_text())
        assert [place for place in loaded if ":" in place] == [], page


def test_the_launcher_knows_all_commands() -> None:
    assert set(_NEEDS) == set(COMMANDS)
    assert set(re.findall(r"^  ([a-z-]+)", _USAGE, re.MULTILINE)) == {*COMMANDS, "lock"}
