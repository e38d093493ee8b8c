"""Simulation with Icarus Verilog.

Both tools run in source/, so that paths in the design mean what they mean on the designer's own
machine: `$readmemh("data.hex")` finds a file of the project, `$dumpfile("x.vcd")` is written beside
it. Files that were not there before are the job's artifacts.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.toolchains import names
from app.toolchains.base import (
    SOURCE,
    BadInputError,
    Earlier,
    FinishedStep,
    ReadFile,
    StepReport,
    ToolCommand,
    ToolResult,
    ToolRun,
)
from app.toolchains.icarus_result import (
    COMPILE_LOG,
    OPTIONS,
    PROGRAM,
    SimulationLog,
    read_result,
)
from app.toolchains.needs import Needs
from app.toolchains.sources import (
    HEADER_ENDINGS,
    SOURCE_ENDINGS,
    check_beginnings,
    make_run_folder,
)

_KEYS = ("top", "files", "include_dirs", "defines", "plusargs", "timescale")
_UNIT = "(1|10|100)(s|ms|us|ns|ps|fs)"
_TIMESCALE = re.compile(rf"{_UNIT}/{_UNIT}")
#: Keeps what the compiler says, for collect(), and its status.
_KEEP_LOG = (
    "sh",
    "-c",
    f'"$0" "$@" >../run/{COMPILE_LOG} 2>&1; code=$?; cat ../run/{COMPILE_LOG}; exit $code',
)


class Icarus:
    """The toolchain `icarus`."""

    name = "icarus"
    job_type = "simulation"

    def validate(
        self, config: Mapping[str, Any], paths: list[str], read: ReadFile | None = None
    ) -> dict[str, Any]:
        """See Toolchain.validate."""
        names.known_keys(config, _KEYS)
        given = {key: value for key, value in config.items() if value is not None}
        top = given.get("top")
        return {
            "top": None if top is None else names.identifier("config.top", top),
            "files": _files(given, paths),
            "include_dirs": _include_dirs(given, paths),
            "defines": names.defines("config.defines", given.get("defines", {})),
            "plusargs": names.plusargs("config.plusargs", given.get("plusargs", [])),
            "timescale": _timescale(given.get("timescale")),
        }

    def needs(
        self, config: Mapping[str, Any], paths: list[str], read: ReadFile | None = None
    ) -> Needs:
        """See Toolchain.needs."""
        return Needs(self.name)

    def prepare(
        self, config: Mapping[str, Any], workdir: Path, earlier: Earlier | None = None
    ) -> ToolRun:
        """See Toolchain.prepare: a simulation always starts at its beginning."""
        check_beginnings("config.files", workdir, config["files"])
        run = make_run_folder(workdir)
        (run / OPTIONS).write_text(compile_options(config))
        return IcarusRun(config, workdir)


class IcarusRun:
    """See ToolRun."""

    tools = ""
    restored = ()

    def __init__(self, config: Mapping[str, Any], workdir: Path) -> None:
        self._workdir = workdir
        self._log = SimulationLog()
        compile_ = (*_KEEP_LOG, *compile_command(config))
        self.commands = [
            ToolCommand("compile", "Compile", compile_, cwd=SOURCE, wrapper_words=len(_KEEP_LOG)),
            ToolCommand("run", "Run", run_command(config), cwd=SOURCE, listener=self._log),
        ]

    def progress(self) -> list[StepReport] | None:
        """See ToolRun.progress: the commands are the steps."""
        return None

    def finished(self) -> list[FinishedStep]:
        """See ToolRun.finished: a simulation starts anew."""
        return []

    def collect(self, last: ToolCommand, exit_code: int) -> ToolResult:
        """See ToolRun.collect."""
        has_run = last.step == "run"
        return read_result(self._workdir, self._log if has_run else None, exit_code)


def compile_options(config: Mapping[str, Any]) -> str:
    """Return what the compiler's file of options holds."""
    timescale = config["timescale"]
    return f"+timescale+{timescale}\n" if timescale else ""


def compile_command(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the compiler's command line, for source/."""
    top = ("-s", config["top"]) if config["top"] else ()
    return (
        *("iverilog", "-g2012", "-Wall", "-o", f"../run/{PROGRAM}"),
        *("-c", f"../run/{OPTIONS}"),
        *top,
        *(f"-I{folder}" for folder in config["include_dirs"]),
        *(f"-D{name}={value}" for name, value in config["defines"].items()),
        "--",
        *config["files"],
    )


def run_command(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the simulator's command line, for source/."""
    # Without -n a $stop would wait at a prompt.
    return ("vvp", "-n", f"../run/{PROGRAM}", *config["plusargs"])


def _files(config: Mapping[str, Any], paths: list[str]) -> list[str]:
    if "files" in config:
        return names.file_list("config.files", config["files"], set(paths))
    files = sorted(path for path in paths if path.endswith(SOURCE_ENDINGS))
    if not files:
        raise BadInputError("config.files", "The project has no .v or .sv file to simulate.")
    return [names.relative_path("config.files", file) for file in files]


def _include_dirs(config: Mapping[str, Any], paths: list[str]) -> list[str]:
    if "include_dirs" in config:
        return names.folder_list("config.include_dirs", config["include_dirs"], paths)
    headers = [path for path in paths if path.endswith(HEADER_ENDINGS)]
    return sorted({".", *(path.rpartition("/")[0] or "." for path in headers)})


def _timescale(value: Any) -> str | None:
    if value is None:
        return None
    text = str(value).replace(" ", "")
    if not _TIMESCALE.fullmatch(text):
        raise BadInputError("config.timescale", f"{value!r} is not of the form '1ns/1ps'.")
    return text
