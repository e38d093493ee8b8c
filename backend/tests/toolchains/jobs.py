"""Running a toolchain's commands as a worker does."""

import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from app.executors.base import Command, Executor, Limits
from app.toolchains.base import SOURCE, Toolchain, ToolCommand, ToolResult
from app.toolchains.files import plain_files


def run_job(
    toolchain: Toolchain, executor: Executor, workdir: Path, config: Mapping[str, Any]
) -> tuple[ToolResult, str]:
    """Return the result and the output of a job on the files in source/."""
    pieces: list[bytes] = []
    paths = [found.name for found in plain_files(workdir / SOURCE)]
    complete = toolchain.validate(config, paths)
    for tool in toolchain.prepare(complete, workdir):
        command = Command(
            argv=tool.argv,
            cwd=workdir,
            env=tool.env,
            limits=Limits(wall_seconds=60),
            mounts=tool.mounts,
            start_in=tool.cwd,
        )
        end = executor.run(command, partial(_take, pieces, tool), threading.Event())
        if not end.ok:
            break
    code = end.code if end.code is not None else -1
    return toolchain.collect(complete, workdir, tool, code), b"".join(pieces).decode()


def _take(pieces: list[bytes], tool: ToolCommand, piece: bytes) -> None:
    pieces.append(piece)
    if tool.listener is not None:
        tool.listener(piece)
