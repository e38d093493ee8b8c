"""Builds that reach for the host: what the config checks let through, or would if they were passed
by, with the real tools in the sandbox."""

import shutil
import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import Settings
from app.executors.base import Command, Executor, Limits
from app.toolchains.base import Earlier, ReadFile, ToolRun, Verdict
from app.toolchains.librelane.known import Known
from app.toolchains.librelane.toolchain import LibreLane
from tests.toolchains.conftest import MakeWorkdir
from tests.toolchains.jobs import run_job

SECRET = "5ec2e7"
TOP = (
    "module top(input clk, input d, output reg q);\n%s\nalways @(posedge clk) q <= d;\nendmodule\n"
)


@pytest.fixture
def secret(host_folder: Path) -> Path:
    path = host_folder / "secret.v"
    path.write_text(f"// {SECRET}\nmodule {SECRET}_broken (;\n")
    path.chmod(0o644)
    return path


class Lab:
    """Builds a design until its lint fails, as each of these does."""

    def __init__(self, flow: Settings, confined: Executor, make_workdir: MakeWorkdir) -> None:
        self._flow, self._confined, self._make_workdir = flow, confined, make_workdir

    def build(self, files: dict[str, str], **config: Any) -> str:
        """Return all that was said, in the log and in the files of the run."""
        self.workdir = self._make_workdir(files)
        given = {"DESIGN_NAME": "top", "CLOCK_PORT": "clk", **config}
        toolchain = _Unchecked(self._flow) if "unchecked" in given else LibreLane(self._flow)
        result, output = run_job(toolchain, self._confined, self.workdir, given)
        assert result.verdict is Verdict.FAILED
        logs = (self.workdir / "run").rglob("*.log")
        return output + "".join(log.read_text(errors="replace") for log in logs)


class _Unchecked(LibreLane):
    """Takes the variables as they are: as if a check had a hole."""

    def validate(
        self, config: Any, paths: list[str], read: ReadFile | None = None
    ) -> dict[str, Any]:
        plain = {key: value for key, value in config.items() if key != "unchecked"}
        unchecked = config["unchecked"]
        complete = super().validate(plain, paths)
        return complete | {"variables": complete["variables"] | unchecked}

    def prepare(
        self, config: Mapping[str, Any], workdir: Path, earlier: Earlier | None = None
    ) -> ToolRun:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Known, "problems", lambda *_: iter(()))
            return super().prepare(config, workdir, earlier)


@pytest.fixture
def lab(flow: Settings, confined: Executor, make_workdir: MakeWorkdir) -> Lab:
    return Lab(flow, confined, make_workdir)


@pytest.mark.flow
@pytest.mark.parametrize("way", ['`include "{0}"', '`include "../../../../../../../..{0}"'])
def test_a_design_that_includes_a_file_of_the_host(lab: Lab, secret: Path, way: str) -> None:
    said = lab.build({"top.v": TOP % way.format(secret)})
    assert "secret.v" in said
    assert SECRET not in said


@pytest.mark.flow
def test_a_path_of_the_host_past_the_checks(lab: Lab, secret: Path) -> None:
    said = lab.build({"top.v": TOP % ""}, unchecked={"EXTRA_VERILOG_MODELS": [str(secret)]})
    assert "does not exist" in said
    assert SECRET not in said


@pytest.mark.flow
def test_a_command_in_a_define_past_the_checks(lab: Lab, secret: Path) -> None:
    """LibreLane writes defines into a script for Yosys. The command runs, and reaches nothing."""
    command = f"X; exec -- cat {secret} /etc/shadow >/job/run/stolen 2>&1; exec -- id >/job/run/id"
    variables = {"EXTRA_VERILOG_MODELS": ["dir::model.v"], "VERILOG_DEFINES": [command]}
    lab.build({"top.v": TOP % "wire w = ;", "model.v": "module m; endmodule"}, unchecked=variables)
    assert (lab.workdir / "run" / "id").read_text().startswith("uid=1000(job)")
    stolen = (lab.workdir / "run" / "stolen").read_text()
    assert stolen.count("No such file or directory") == 2


TCL = """
proc try {script} { if {[catch $script result]} { puts "no: $result" } else { puts "YES: $result" } }
try {open @ r}
try {exec cat @}
try {source @}
try {open @.new w}
try {exec touch /usr/bin/evil}
try {file delete -force /usr/bin/env}
try {exec cat /etc/shadow}
try {socket 127.0.0.1 %d}
try {exec kill -9 -1}
"""


@pytest.mark.skipif(shutil.which("sta") is None, reason="OpenSTA is not installed")
def test_constraints_that_are_a_program(
    confined: Executor, make_workdir: MakeWorkdir, secret: Path
) -> None:
    """SDC is Tcl, and OpenSTA runs all of it."""
    pieces: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        script = (TCL % server.getsockname()[1]).replace("@", str(secret))
        workdir = make_workdir({"top.sdc": script})
        command = Command(
            ("sta", "-no_splash", "-exit", "source/top.sdc"), workdir, {}, Limits(wall_seconds=60)
        )
        confined.run(command, pieces.append, threading.Event())
    output = b"".join(pieces).decode()
    assert output.count("no: ") == 8, output
    assert "YES" not in output
    assert SECRET not in output
    assert list(secret.parent.iterdir()) == [secret]
