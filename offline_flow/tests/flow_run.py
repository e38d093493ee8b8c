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
SECONDS = 120


@dataclass(frozen=True)
class FlowRun:
    """A finished run: its folder, exit status, and what was printed."""

    folder: Path
    status: int
    output: str

    @property
    def metrics(self) -> dict[str, Any]:
        """The metrics of a run that came to its end."""
        metrics: dict[str, Any] = json.loads((self.folder / "final" / "metrics.json").read_text())
        return metrics

    def view(self, path: str) -> Path:
        """Return a result, as 'gds/counter.gds'."""
        return self.folder / "final" / path

    @property
    def steps(self) -> list[str]:
        """The names of the steps, in order."""
        return sorted(path.name for path in self.folder.glob("[0-9][0-9]-*"))


def run_flow(folder: Path, design: str, pdk_root: Path, **changes: Any) -> FlowRun:
    """Build a copy of an example design in a new folder; `changes` go into its config."""
    shutil.copytree(DESIGNS / design, folder)
    config = json.loads((folder / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "librelane", "--flow", "Offline", "--manual-pdk"]
    command += ["--pdk-root", str(pdk_root), "--pdk", "sky130A", "--hide-progress-bar"]
    done = subprocess.run(
        [*command, "--run-tag", "test", "config.json"],
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
