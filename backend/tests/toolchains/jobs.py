"""Running a toolchain's commands as a worker does."""

import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from app.executors.base import Command, Executor, Limits
from app.toolchains.base import SOURCE, Toolchain, ToolCommand, ToolResult, ToolRun
from app.toolchains.files import plain_files


def run_job(
    toolchain: Toolchain,
    executor: Executor,
    workdir: Path,
    config: Mapping[str, Any],
    seconds: float = 400,
) -> tuple[ToolResult, str]:
    """Return the result and the output of a job on the files in source/."""
    paths = [found.name for found in plain_files(workdir / SOURCE)]
    complete = toolchain.validate(config, paths)
    run = toolchain.prepare(complete, workdir)
    return run_prepared(run, executor, workdir, toolchain.name, seconds)


def run_prepared(
    run: ToolRun, executor: Executor, workdir: Path, tools: str = "", seconds: float = 400
) -> tuple[ToolResult, str]:
    """Return the result and the output of a job that is prepared."""
    pieces: list[bytes] = []
    for tool in run.commands:
        command = Command(
            argv=tool.argv,
            cwd=workdir,
            env=tool.env,
            limits=Limits(wall_seconds=seconds),
            mounts=tool.mounts,
            start_in=tool.cwd,
            tools=tools,
        )
        end = executor.run(command, partial(_take, pieces, tool), threading.Event())
        if not end.ok:
            break
    code = end.code if end.code is not None else -1
    return run.collect(tool, code), b"".join(pieces).decode()


def _take(pieces: list[bytes], tool: ToolCommand, piece: bytes) -> None:
    pieces.append(piece)
    if tool.listener is not None:
        tool.listener(piece)
