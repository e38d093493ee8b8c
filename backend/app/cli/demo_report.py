"""What the demo came to: a table for people, and whether everything is really there."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.cli.client import Client

#: What the table shows of a build: name, LibreLane's metric, unit.
METRICS = [
    ("cells", "design__instance__count__stdcell", ""),
    ("core area", "design__core__area", "µm²"),
    ("worst setup slack", "timing__setup__ws", "ns"),
    ("worst hold slack", "timing__hold__ws", "ns"),
    ("DRC errors", "klayout__drc_error__count", ""),
    ("LVS errors", "design__lvs_error__count", ""),
]
#: Kinds of artifacts of which a build has dozens.
_PLAIN = {"log", "report", "config", "other"}
GDSII_HEADER = b"\x00\x06\x00\x02"  # the first record of every GDSII stream file
PNG_HEADER = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Outcome:
    """A finished job, and copies of its artifacts in `folder`."""

    job: dict[str, Any]
    artifacts: list[dict[str, Any]]
    folder: Path

    @classmethod
    def read(cls, client: Client, job_id: int, results: Path) -> "Outcome":
        """Fetch a job and all its artifacts."""
        job, artifacts = client.job(job_id), client.artifacts(job_id)
        folder = results / job["job_type"]
        for artifact in artifacts:
            path = folder / artifact["name"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(client.content(artifact))
        return cls(job, artifacts, folder)

    def of_kind(self, kind: str) -> Path | None:
        """Return an artifact of a kind, as a file: a final one rather than a step's."""
        names = [artifact["name"] for artifact in self.artifacts if artifact["kind"] == kind]
        names.sort(key=lambda name: not name.startswith("final/"))
        return self.folder / names[0] if names else None

    def missing(self) -> Iterator[str]:
        """Yield what should be there and is not."""
        if self.job["status"] != "completed":
            yield f"the {self.job['job_type']} is {self.job['status']}: {self.job['message']}"
        elif self.job["job_type"] == "simulation":
            yield from self._missing_of_simulation()
        else:
            yield from self._missing_of_build()

    def _missing_of_simulation(self) -> Iterator[str]:
        if self.job["verdict"] != "passed":
            yield "the simulation did not pass"
        waveform = self.of_kind("waveform")
        if waveform is None or b"$enddefinitions" not in waveform.read_bytes():
            yield "there is no VCD"

    def _missing_of_build(self) -> Iterator[str]:
        if self.job["verdict"] != "clean":
            yield f"the build is not clean: {self.job['message']}"
        if not _begins(self.of_kind("gds"), GDSII_HEADER):
            yield "there is no GDSII"
        if not _begins(self.of_kind("picture"), PNG_HEADER):
            yield "there is no picture"
        for name, key, _ in METRICS[-2:]:
            if self.job["metrics"].get(key) != 0:
                yield f"{name}: {self.job['metrics'].get(key, 'not known')}"


def report(console: Console, outcomes: list[Outcome], url: str | None) -> bool:
    """Print all of it; return whether everything is really there.

    `url` is where the stack is, None if it is about to end.
    """
    for outcome in outcomes:
        console.print()
        console.print(_steps(outcome.job))
        if outcome.job["job_type"] == "build":
            console.print(_metrics(outcome.job))
        console.print(_artifacts(outcome))
    console.print()
    for outcome in outcomes:
        job = outcome.job
        if url is not None:
            console.print(f"{job['job_type']}: {url}/jobs/{job['id']}", soft_wrap=True)
        if picture := outcome.of_kind("picture"):
            console.print(f"layout picture: {picture}", soft_wrap=True)
    missing = [words for outcome in outcomes for words in outcome.missing()]
    for words in missing:
        console.print(f"[red]✗[/] {escape(words)}", soft_wrap=True)
    if not missing:
        console.print("[green]✓[/] everything is there")
    return not missing


def _begins(path: Path | None, header: bytes) -> bool:
    return path is not None and path.read_bytes().startswith(header)


def _steps(job: dict[str, Any]) -> Table:
    verdict = f" · {job['verdict']}" if job["verdict"] else ""
    table = Table(title=f"{job['job_type']}: {job['status']}{verdict}", title_justify="left")
    table.add_column("step")
    table.add_column("status")
    table.add_column("seconds", justify="right")
    for step in job["steps"]:
        seconds = step["seconds"]
        table.add_row(step["name"], step["status"], "" if seconds is None else f"{seconds:.2f}")
    return table


def _metrics(job: dict[str, Any]) -> Table:
    table = Table(title="metrics", title_justify="left", show_header=False)
    for name, key, unit in METRICS:
        value = job["metrics"].get(key, "not known")
        table.add_row(name, f"{value:g}" if isinstance(value, int | float) else value, unit)
    return table


def _artifacts(outcome: Outcome) -> Table:
    """Show what was made; logs and reports, which are many, only in number."""
    table = Table(title="artifacts", title_justify="left")
    for name in ("artifact", "kind", "bytes"):
        table.add_column(name, justify="right" if name == "bytes" else "left", overflow="fold")
    shown = [one for one in outcome.artifacts if one["kind"] not in _PLAIN]
    for one in shown:
        table.add_row(one["name"], one["kind"], f"{one['size']:,}")
    rest = [one["size"] for one in outcome.artifacts if one not in shown]
    if rest:
        table.add_row(f"{len(rest)} logs, reports and others", "", f"{sum(rest):,}")
    table.caption = f"in the store: {_prefix(outcome)}\ncopied to: {outcome.folder}"
    table.caption_justify = "left"
    return table


def _prefix(outcome: Outcome) -> str:
    """Return the folder of the object store in which the artifacts are."""
    keys = [one["key"].removesuffix(one["name"]) for one in outcome.artifacts]
    return keys[0] if keys else "nothing"
