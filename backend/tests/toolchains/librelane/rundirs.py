"""Run directories made by hand, with what LibreLane leaves in them."""

import json
from pathlib import Path
from typing import Any

GOOD_METRICS: dict[str, Any] = {
    "design__instance__count": 46,
    "klayout__drc_error__count": 0,
    "design__lvs_error__count": 0,
    "timing__setup__ws": 6.5,
    "timing__setup__ws__corner:nom_tt_025C_1v80": 6.5,
}


class RunDirectory:
    """A run; its steps are added one by one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        for log in ("error.log", "warning.log", "flow.log"):
            (path / log).touch()
        self._count = 0

    def begin(self, step: str, suffix: str = "") -> Path:
        """A step that has started."""
        self._count += 1
        name = step.lower().replace(".", "-")
        folder = self.path / f"{self._count:02}-{name}{suffix}"
        folder.mkdir()
        (folder / "state_in.json").write_text("{}")
        (folder / "config.json").write_text(json.dumps({"meta": {"step": step}}))
        return folder

    def step(self, step: str, suffix: str = "", metrics: dict[str, Any] | None = None) -> Path:
        """A step that has ended well."""
        folder = self.begin(step, suffix)
        (folder / "state_out.json").write_text(json.dumps({"metrics": metrics or {}}))
        (folder / "runtime.txt").write_text("00:01:02.500")
        return folder

    def finish(self, **metrics: Any) -> None:
        """What the end of the flow saves."""
        (self.path / "final" / "gds").mkdir(parents=True)
        (self.path / "final" / "gds" / "top.gds").write_bytes(b"\0\6")
        text = json.dumps(
            GOOD_METRICS
            | {key.replace("_c_", "__corner:"): value for key, value in metrics.items()}
        )
        (self.path / "final" / "metrics.json").write_text(text)
