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
LAST = "Misc.ReportManufacturability"


class RunDirectory:
    """A run; its steps are added one by one. It logs from the first `start` on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        for log in ("error.log", "warning.log", "flow.log"):
            (path / log).touch()
        self._count = 0
        self._logs = False
        self._says_where = True

    def start(self, says_where: bool = True) -> None:
        """The start of a flow; before OpenLane 2.3 its log did not say where a step is."""
        self._logs, self._says_where = True, says_where
        self.log("Starting…")

    def log(self, text: str, *logs: str) -> None:
        """What LibreLane writes to flow.log, and to other logs by their names."""
        for name in (*logs, "flow"):
            with (self.path / f"{name}.log").open("a") as file:
                file.write(f"{text}\n")

    def begin(self, step: str, suffix: str = "", slug: str = "", number: int = 0) -> Path:
        """A step that has started. `slug` is its folder's name, where the flow has one for it."""
        self._count += 1
        name = slug or step.lower().replace(".", "-") + suffix
        folder = self.path / f"{number or self._count:02}-{name}"
        if self._logs:
            where = f" at 'runs/x_1/{folder.name}'" if self._says_where else ""
            self.log(f"Running '{slug or step + suffix}'{where}…")
        folder.mkdir()
        (folder / "state_in.json").write_text("{}")
        (folder / "config.json").write_text(json.dumps({"meta": {"step": step}}))
        return folder

    def step(
        self,
        step: str,
        suffix: str = "",
        metrics: dict[str, Any] | None = None,
        slug: str = "",
        number: int = 0,
    ) -> Path:
        """A step that has ended well."""
        folder = self.begin(step, suffix, slug, number)
        (folder / "state_out.json").write_text(json.dumps({"metrics": metrics or {}}))
        (folder / "runtime.txt").write_text("00:01:02.500")
        return folder

    def finish(self, **metrics: Any) -> None:
        """What the end of the flow saves, and says."""
        (self.path / "final" / "gds").mkdir(parents=True, exist_ok=True)
        (self.path / "final" / "gds" / "top.gds").write_bytes(b"\0\6")
        text = json.dumps(
            GOOD_METRICS
            | {key.replace("_c_", "__corner:"): value for key, value in metrics.items()}
        )
        (self.path / "final" / "metrics.json").write_text(text)
        if self._logs:
            self.log(f"Saving views to '{self.path}/final'…")
            self.log("Flow complete.")

    def look(self) -> None:
        """Somebody opens a viewer on the run, which is a flow of its own."""
        self.start(self._says_where)
        self.step("KLayout.OpenGUI")
        self.log("Flow complete.")
