"""A LibreLane that plays a recorded run back (see `player`), as a worker finds it installed."""

import copy
import json
import re
import shutil
import tarfile
from pathlib import Path
from typing import Any

from app.core.settings import Settings
from app.toolchains.librelane.catalog import Flow, load_catalog
from app.toolchains.librelane.catalog.source import KEPT
from app.toolchains.librelane.offer import Offered, offers_of
from tests.replay.player import recorded_steps
from tests.toolchains.librelane.catalogs import CATALOG, as_text

FLOW = "Classic"
_TOOLS = '["klayout", "magic", "netgen", "openroad", "verilator", "yosys"]'
#: Asked for what is installed beside it (-c ... tools), it has all that the flow needs.
_PYTHON = f"""#!/bin/sh
[ "$1" = -c ] && exec echo '{_TOOLS}'
shift 2
exec /usr/bin/python3 "$(dirname "$0")/../player.py" "$@"
"""
#: The states of a made-up recording name a file of this many steps before.
_NAMED = 3


class Replay:
    """The installation in `folder`, with settings for a worker that has it."""

    def __init__(self, folder: Path, recording: Path) -> None:
        self.prefix = folder / "flow"
        (self.prefix / "bin").mkdir(parents=True)
        self.python = self.prefix / "bin" / "python"
        self.python.write_text(_PYTHON)
        self.python.chmod(0o755)
        shutil.copy(Path(__file__).with_name("player.py"), self.prefix)
        shutil.copytree(recording, self.prefix / "recording")
        self.steps = [step for step, _ in recorded_steps(recording)]
        self._write_catalog()
        self.pdk_root = folder / "pdk"
        (self.pdk_root / "sky130A" / "libs.tech").mkdir(parents=True)
        (self.pdk_root / "sky130A" / "SOURCES").write_text("open_pdks c0ffee")
        self.set(speed=1e9)

    @property
    def settings(self) -> Settings:
        """Settings that name it."""
        return Settings(flow_python=self.python, pdk_root=self.pdk_root)

    @property
    def environment(self) -> dict[str, str]:
        """The same for a process."""
        return {"A6HUB_FLOW_PYTHON": str(self.python), "A6HUB_PDK_ROOT": str(self.pdk_root)}

    def offers(self) -> list[Offered]:
        """Return what a worker that has it offers."""
        return [Offered(offer, load_catalog(text)) for offer, text in offers_of(self.settings)]

    def set(self, speed: float = 1e9, hold: str | None = None) -> None:
        """Say how fast to play, and which step not to end. A running player notices."""
        temporary = self.prefix / "control.new"
        temporary.write_text(json.dumps({"speed": speed, "hold": hold}))
        temporary.replace(self.prefix / "control.json")

    def _write_catalog(self) -> None:
        catalog: dict[str, Any] = copy.deepcopy(CATALOG)
        flow = next(one for one in catalog["flows"] if one["name"] == FLOW)
        flow["steps"] = [{"id": step, "name": step, "gates": []} for step in self.steps]
        (self.prefix / KEPT).write_bytes(as_text(catalog))


def unpack_recording(runs: Path, name: str, target: Path) -> Path:
    """Return the recording `name` of the folder `runs`, unpacked below `target` if it is packed."""
    if (runs / name).is_dir():
        return runs / name
    with tarfile.open(runs / f"{name}.tar.xz") as archive:
        archive.extractall(target, filter="data")
    return target / name


def make_recording(flow: Flow, folder: Path) -> Path:
    """Make a recording of the steps that a flow takes by default.

    Each sets a metric, every other one a view.
    """
    metrics: dict[str, Any] = {}
    views: dict[str, str] = {}
    folder.mkdir()
    (folder / "resolved.json").write_text("{}")
    for number, step in enumerate(flow.steps_for({}), start=1):
        name = f"{number:02}-{step.id.lower().replace('.', '-')}"
        (folder / name).mkdir()
        _write(folder / name / "state_in.json", {**views, "metrics": metrics})
        metrics = metrics | {f"replay__step__{number}": number, "replay__last": number}
        if number % 2 == 0:
            views = views | {f"view{number % _NAMED}": f"/was/{name}/made.v"}
        _write(folder / name / "config.json", {"meta": {"step": re.sub(r"-\d+$", "", step.id)}})
        _write(folder / name / "state_out.json", {**views, "metrics": metrics})
        (folder / name / "runtime.txt").write_text("00:00:00.500")
    (folder / "final").mkdir()
    metrics = metrics | {"klayout__drc_error__count": 0, "design__lvs_error__count": 0}
    _write(folder / "final" / "metrics.json", metrics)
    return folder


def _write(file: Path, value: Any) -> None:
    file.write_text(json.dumps(value))
