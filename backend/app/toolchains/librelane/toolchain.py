"""The toolchain `librelane`: from RTL to a layout."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from app.core.settings import Settings
from app.executors.folders import remove
from app.toolchains.base import (
    RUN,
    SOURCE,
    BadInputError,
    Earlier,
    FinishedStep,
    ReadFile,
    StepReport,
    ToolCommand,
    ToolResult,
    ToolRun,
    Verdict,
)
from app.toolchains.files import open_plain, plain_files, read_text
from app.toolchains.librelane import config as configs
from app.toolchains.librelane.artifacts import collect_files
from app.toolchains.librelane.catalog import Catalog, Flow
from app.toolchains.librelane.config_file import MOST_BYTES
from app.toolchains.librelane.console import Console
from app.toolchains.librelane.equipment import Equipment
from app.toolchains.librelane.findings import details
from app.toolchains.librelane.offer import OffersSource
from app.toolchains.librelane.pdks import FAMILIES, usual_pdk
from app.toolchains.librelane.plan import Plan, pending
from app.toolchains.librelane.reader import RunReader
from app.toolchains.librelane.resume import Resumption, resume
from app.toolchains.librelane.start import WRAPPER
from app.toolchains.librelane.step_names import readable_name
from app.toolchains.librelane.substitutes import substituted
from app.toolchains.librelane.verdict import Judgement, judge
from app.toolchains.needs import Needs
from app.toolchains.sources import check_beginnings

_TAG = "build"
_CONFIG = "config.json"
#: How many steps that were left out a message names.
_MOST_NAMED = 5


class LibreLane:
    """Runs a flow of LibreLane's in run/build/."""

    name = "librelane"
    job_type = "build"

    def __init__(self, settings: Settings, offers: OffersSource = tuple) -> None:
        """`offers` tells what workers have; the worker itself need not know."""
        self._settings = settings
        self._offers = offers

    def validate(
        self, config: Mapping[str, Any], paths: list[str], read: ReadFile | None = None
    ) -> dict[str, Any]:
        """See Toolchain.validate."""
        return configs.validate(config, paths, read, self._offers())

    def needs(
        self, config: Mapping[str, Any], paths: list[str], read: ReadFile | None = None
    ) -> Needs:
        """See Toolchain.needs."""
        tools = configs.tools(config, paths, read, self._offers())
        pdk = config["pdk"] or self._usual_pdk(config["flow"])
        return Needs(
            self.name, config["flow"], FAMILIES.get(pdk, pdk), config["pdk_version"] or "", tools
        )

    def _usual_pdk(self, flow: str) -> str:
        """Return the PDK of a build that names none, as workers that have it choose.

        Empty if no worker has it: then whichever there is.
        """
        there = (pdk for offered in self._offers() for pdk in offered.offer.pdks)
        wanted = usual_pdk(self._settings.pdk)
        return wanted if any(pdk.name == wanted and pdk.fits(flow) for pdk in there) else ""

    def prepare(
        self, config: Mapping[str, Any], workdir: Path, earlier: Earlier | None = None
    ) -> ToolRun:
        """See Toolchain.prepare."""
        equipment = Equipment.of(self._settings, config)
        paths = [found.name for found in plain_files(workdir / SOURCE)]
        catalog = equipment.installation.catalog()
        read = partial(_read_source, workdir)
        complete = configs.complete(config, paths, read, catalog)
        check_beginnings("config.VERILOG_FILES", workdir, _named_files(complete))
        _make_run_folder(workdir / RUN, complete)
        other = [(key, step) for key, step in complete["meta"].get("substituting_steps", ())]
        whole = _flow(catalog, config["flow"])
        flow = substituted(catalog, whole, other)
        plan = Plan.of(flow, complete, config, whole if other else None)
        resumption = resume(workdir, earlier, plan, equipment.in_words())
        keeps_all = config.get("keep") == "all"
        return LibreLaneRun(workdir, equipment, plan, resumption, keeps_all=keeps_all)


class LibreLaneRun:
    """See ToolRun."""

    def __init__(
        self,
        workdir: Path,
        equipment: Equipment,
        plan: Plan,
        resumption: Resumption | None = None,
        *,
        keeps_all: bool = False,
    ) -> None:
        """`keeps_all`: all files are to be artifacts."""
        self.tools = equipment.in_words() if plan.steps else ""
        self.restored = resumption.steps if resumption else ()
        self._workdir = workdir
        self._equipment = equipment
        self._plan = plan
        self._keeps_all = keeps_all
        self._console = Console()
        self._reader = RunReader(_run_directory(workdir), f"{RUN}/{_TAG}")
        self.commands = [self._command(resumption)]
        # Nothing in the folder itself can be trusted to say that the flow has ended.
        self._ended = False

    def _command(self, resumption: Resumption | None) -> ToolCommand:
        return ToolCommand(
            step="librelane",
            name="LibreLane",
            argv=(*WRAPPER, *_command_line(self._equipment, self._plan, resumption)),
            wrapper_words=len(WRAPPER),
            env=self._equipment.environment,
            mounts=self._equipment.mounts,
            listener=self._console,
        )

    def progress(self) -> list[StepReport] | None:
        """See ToolRun.progress."""
        steps = self._reader.steps(self._ended)
        to_come = [] if self._ended else self._plan.to_come([step.step for step in steps])
        return [*steps, *(pending(step, readable_name(step)) for step in to_come)]

    def finished(self) -> list[FinishedStep]:
        """See ToolRun.finished."""
        folders = self._reader.folders()
        if folders and not self._is_over(folders[-1].folder):
            del folders[-1]
        return [FinishedStep(one.step, f"{RUN}/{_TAG}/{one.folder}") for one in folders]

    def _is_over(self, folder: str) -> bool:
        """Return whether a step has written its last file: its state is whole then."""
        return bool(read_text(_run_directory(self._workdir), f"{folder}/runtime.txt", 100))

    def collect(self, last: ToolCommand, exit_code: int) -> ToolResult:
        """See ToolRun.collect."""
        self._ended = True
        run = _run_directory(self._workdir)
        found = judge(run, exit_code, self._console.text)
        files = collect_files(run, everything=self._keeps_all)
        left_out = f" {files.left_out} files were too large or too many to keep."
        return ToolResult(
            ok=found.finished,
            verdict=found.verdict,
            message=self._early_end(found)
            + found.message
            + self._without(found)
            + (left_out if files.left_out else ""),
            reason="tool_failed" if found.verdict is Verdict.FAILED else None,
            metrics=found.metrics,
            files=files.files,
            details=self._equipment.details(self._workdir)
            | details(found.violations, found.failure, found.tolerated),
        )

    def _early_end(self, found: Judgement) -> str:
        early = self._plan.end if found.finished else None
        return f"Stopped after {readable_name(early)}, as asked. " if early else ""

    def _without(self, found: Judgement) -> str:
        """Say which steps the config leaves out: what they would have found is not known."""
        steps = self._plan.left_out
        if not found.finished or not steps:
            return ""
        more = f" and {len(steps) - _MOST_NAMED} more" if len(steps) > _MOST_NAMED else ""
        return f" Left out by the config: {', '.join(steps[:_MOST_NAMED])}{more}."


def _read_source(workdir: Path, name: str) -> bytes:
    handle = open_plain(workdir / SOURCE, name)
    if handle is None:
        raise BadInputError("config.config_file", f"{name!r} is not a plain file of the project.")
    with handle:
        return handle.read(MOST_BYTES + 1)


def _run_directory(workdir: Path) -> Path:
    return workdir / RUN / _TAG


def _make_run_folder(run: Path, config: Mapping[str, Any]) -> None:
    remove(run)
    (run / _TAG).mkdir(parents=True)
    (run / _CONFIG).write_text(json.dumps(config, indent=2))


def _flow(catalog: Catalog, name: str) -> Flow:
    flow = catalog.flow(name)
    if flow is None:
        known = ", ".join(flow.name for flow in catalog.flows)
        raise BadInputError("config.flow", f"This worker's LibreLane has no {name!r}, but {known}.")
    return flow


def _command_line(
    equipment: Equipment, plan: Plan, resumption: Resumption | None
) -> tuple[str, ...]:
    return (
        *equipment.command,
        *(() if plan.is_changed else ("--flow", plan.flow)),
        "--hide-progress-bar",
        *("--run-tag", _TAG, "--force-run-dir", f"{RUN}/{_TAG}"),
        *("--design-dir", SOURCE),
        *(resumption.options if resumption else ()),
        *(("--to", plan.end) if plan.end else ()),
        f"{RUN}/{_CONFIG}",
    )


def _named_files(config: Mapping[str, Any]) -> list[str]:
    """Return the sources that are named one by one, not by a pattern."""
    files = config.get("VERILOG_FILES", [])
    names = files if isinstance(files, list) else [files]
    plain = (str(name) for name in names)
    return [name.removeprefix("dir::") for name in plain if not set(name) & set("*?[{$")]
