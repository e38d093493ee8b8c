from pathlib import Path

import pytest

from app.cli.doctor_builds import look_at_builds
from app.core.settings import Settings
from app.toolchains.librelane.catalog.source import KEPT
from tests.toolchains.librelane.catalogs import CATALOG, as_text

#: A LibreLane's Python that answers what tools there are, and no more.
_PYTHON = """#!/bin/sh
[ "$3" = tools ] && { echo '["yosys", "verilator"]'; exit; }
[ "$2" = "import tkinter" ] && exit %d
exit 1
"""


def _make(folder: Path, tkinter: bool = True) -> Settings:
    python = folder / "flow" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(_PYTHON % (not tkinter))
    python.chmod(0o755)
    (folder / "flow" / KEPT).write_bytes(as_text(CATALOG))
    (folder / "pdk").mkdir()
    return Settings(flow_python=python, pdk_root=folder / "pdk")


def _embedded(root: Path) -> None:
    (root / "sky130A" / "libs.tech" / "offline").mkdir(parents=True)
    (root / "sky130A" / "made-by").write_text("c0ffee")


def _said(settings: Settings) -> dict[str, tuple[bool, str]]:
    return {one.name: (one.well, f"{one.words} {one.advice}") for one in look_at_builds(settings)}


def test_a_worker_that_can_build(tmp_path: Path) -> None:
    settings = _make(tmp_path)
    _embedded(tmp_path / "pdk")
    said = _said(settings)
    assert all(well for well, _ in said.values())
    assert said["PDK sky130A"][1].startswith("c0ffee (a6hub's own, for the flow Offline)")
    assert "3.0.0, environment " in said["LibreLane"][1]
    assert "tools: yosys, verilator" in said["LibreLane"][1]
    assert "Offline" in said["flows that can run"][1]


def test_a_worker_without_a_pdk(tmp_path: Path) -> None:
    said = _said(_make(tmp_path))
    assert said["PDK"] == (False, said["PDK"][1])
    assert "a6hub pdk install" in said["PDK"][1]
    assert not said["flows that can run"][0]


def test_a_python_without_tkinter(tmp_path: Path) -> None:
    settings = _make(tmp_path, tkinter=False)
    assert _said(settings)["tkinter"][0] is False


@pytest.mark.parametrize("way", ["no root", "no LibreLane", "no answer"])
def test_what_is_missing_is_said(tmp_path: Path, way: str) -> None:
    settings = _make(tmp_path)
    if way == "no root":
        settings = settings.model_copy(update={"pdk_root": None})
    elif way == "no LibreLane":
        settings = settings.model_copy(update={"flow_python": None})
    else:
        (tmp_path / "flow" / KEPT).unlink()
    well, words = _said(settings)["LibreLane"]
    assert not well
    assert "docs/builds.md" in words
