"""Running the flow as users do: LibreLane's command line, in an almost empty environment."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DESIGNS = ROOT / "designs"
SECONDS = 1200


@dataclass(frozen=True)
class FlowRun:
    """A finished run: its folder, exit status, and what was printed."""

    folder: Path
    status: int
    output: str

    @property
    def metrics(self) -> dict[str, Any]:
        """The metrics of the last step that came to its end."""
        metrics: dict[str, Any] = self._last_state()["metrics"]
        return metrics

    def view(self, path: str) -> Path:
        """Return a result, as 'gds/counter.gds'."""
        return self.folder / "final" / path

    @property
    def steps(self) -> list[str]:
        """The names of the steps, in order."""
        return sorted(path.name for path in self.folder.glob("[0-9][0-9]-*"))

    @property
    def broken_at(self) -> str:
        """The step that did not come to its end, without its number; nothing if all did."""
        broken = [step for step in self.steps if not (self.folder / step / "runtime.txt").exists()]
        return broken[-1].split("-", 1)[1] if broken else ""

    def _last_state(self) -> dict[str, Any]:
        [*_, last] = sorted(self.folder.glob("[0-9][0-9]-*/state_out.json"))
        state: dict[str, Any] = json.loads(last.read_text())
        return state


def run_flow(folder: Path, design: str, pdk_root: Path, **changes: Any) -> FlowRun:
    """Build a copy of an example design in a new folder; `changes` go into its config."""
    shutil.copytree(DESIGNS / design, folder)
    config = json.loads((folder / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps(config))
    return _run(folder, pdk_root)


def cut_and_go_on(run: FlowRun, step: str, pdk_root: Path) -> FlowRun:
    """Remove all that a run made from a step on, as 'Offline.CTS', and go on there."""
    names = [name.split("-", 1)[1] for name in run.steps]
    first = names.index(step.lower().replace(".", "-"))
    for name in [*run.steps[first:], "final", "tmp"]:
        shutil.rmtree(run.folder / name, ignore_errors=name == "tmp")  # LibreLane may have done so
    state = run.folder / run.steps[-1] / "state_out.json"
    return _run(run.folder.parents[1], pdk_root, "--with-initial-state", str(state), "--from", step)


def _run(folder: Path, pdk_root: Path, *options: str) -> FlowRun:
    command = [sys.executable, "-m", "librelane", "--flow", "Offline", "--manual-pdk"]
    command += ["--pdk-root", str(pdk_root), "--pdk", "sky130A", "--hide-progress-bar"]
    done = subprocess.run(
        [*command, "--run-tag", "test", *options, "config.json"],
        cwd=folder,
        env=_environment(folder),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return FlowRun(folder / "runs" / "test", done.returncode, done.stdout + done.stderr)


def _environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "NO_COLOR": "1",
        "COLUMNS": "500",  # LibreLane breaks its lines
    }
