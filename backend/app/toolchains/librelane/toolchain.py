"""The toolchain `librelane`: from RTL to a layout."""

import json
import shutil
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.core.settings import Settings
from app.executors.folders import remove
from app.toolchains.base import RUN, SOURCE, StepReport, ToolCommand, ToolResult, Verdict
from app.toolchains.files import plain_files, read_text
from app.toolchains.librelane import config as configs
from app.toolchains.librelane.artifacts import collect_files
from app.toolchains.librelane.installation import PDK, Installation
from app.toolchains.librelane.run_directory import read_steps
from app.toolchains.librelane.verdict import judge
from app.toolchains.sources import check_beginnings

_TAG = "build"
_CONFIG = "config.json"
_CONSOLE = "console.log"
_NUMBA_CACHE = ".numba-cache"
#: Keeps what LibreLane prints, for collect(): what is wrong with a config is said nowhere else.
_KEEP_CONSOLE = ("bash", "-c", f'set -o pipefail; "$0" "$@" 2>&1 | tee {RUN}/{_CONSOLE}')
_CONSOLE_BYTES = 16 << 20


class LibreLane:
    """Runs a flow of LibreLane's in run/build/."""

    name = "librelane"
    job_type = "build"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # Folders of flows that have ended: nothing in the folder itself can be trusted to say so.
        self._ended: deque[Path] = deque(maxlen=100)

    def validate(self, config: Mapping[str, Any], paths: list[str]) -> dict[str, Any]:
        """See Toolchain.validate."""
        return configs.validate(config, paths)

    def prepare(self, config: Mapping[str, Any], workdir: Path) -> list[ToolCommand]:
        """See Toolchain.prepare."""
        installation = Installation.of(self._settings)
        paths = [found.name for found in plain_files(workdir / SOURCE)]
        complete = configs.complete(config, workdir, paths)
        check_beginnings("config.VERILOG_FILES", workdir, _named_files(complete))
        _make_run_folder(workdir / RUN, complete, installation)
        command = ToolCommand(
            step="librelane",
            name="LibreLane",
            argv=(*_KEEP_CONSOLE, *_command_line(installation, config["flow"])),
            wrapper_words=len(_KEEP_CONSOLE),
            env=installation.environment() | {"NUMBA_CACHE_DIR": f"{RUN}/{_NUMBA_CACHE}"},
            mounts=installation.mounts(),
        )
        return [command]

    def progress(self, workdir: Path) -> list[StepReport] | None:
        """See Toolchain.progress."""
        return read_steps(_run_directory(workdir), ended=workdir in self._ended)

    def collect(
        self, config: Mapping[str, Any], workdir: Path, last: ToolCommand, exit_code: int
    ) -> ToolResult:
        """See Toolchain.collect."""
        self._ended.append(workdir)
        run = _run_directory(workdir)
        console = read_text(workdir, f"{RUN}/{_CONSOLE}", _CONSOLE_BYTES)
        found = judge(run, exit_code, console)
        files = collect_files(run)
        left_out = f" {files.left_out} files were too large or too many to keep."
        return ToolResult(
            ok=found.finished,
            verdict=found.verdict,
            message=found.message + (left_out if files.left_out else ""),
            reason="tool_failed" if found.verdict is Verdict.FAILED else None,
            metrics=found.metrics,
            files=files.files,
        )


def _run_directory(workdir: Path) -> Path:
    return workdir / RUN / _TAG


def _make_run_folder(run: Path, config: Mapping[str, Any], installation: Installation) -> None:
    remove(run)
    (run / _TAG).mkdir(parents=True)
    (run / _CONFIG).write_text(json.dumps(config, indent=2))
    if installation.numba_cache.is_dir():
        # A copy, because numba takes no cache that it cannot write to.
        shutil.copytree(installation.numba_cache, run / _NUMBA_CACHE)
    else:
        (run / _NUMBA_CACHE).mkdir()


def _command_line(installation: Installation, flow: str) -> tuple[str, ...]:
    return (
        *(str(installation.python), "-m", "librelane"),
        *("--flow", flow),
        *("--manual-pdk", "--pdk-root", str(installation.pdk_root), "--pdk", PDK),
        "--hide-progress-bar",
        *("--run-tag", _TAG, "--force-run-dir", f"{RUN}/{_TAG}"),
        *("--design-dir", SOURCE),
        f"{RUN}/{_CONFIG}",
    )


def _named_files(config: Mapping[str, Any]) -> list[str]:
    """Return the sources that are named one by one, not by a pattern."""
    files = config["VERILOG_FILES"]
    names = files if isinstance(files, list) else [files]
    plain = (str(name) for name in names)
    return [name.removeprefix("dir::") for name in plain if not set(name) & set("*?[{")]
