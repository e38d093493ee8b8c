"""The toolchain with a stand-in for LibreLane: a script that leaves a run directory."""

import json
import os
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.executors.base import Executor
from app.toolchains.base import BadInputError, StepStatus, Toolchain, ToolCommand, Verdict
from app.toolchains.librelane.installation import Installation
from app.toolchains.registry import default_toolchain, make_toolchains
from tests.toolchains.conftest import MakeWorkdir
from tests.toolchains.jobs import run_job
from tests.toolchains.librelane.rundirs import RunDirectory

_STAND_IN = """#!/bin/sh
echo "flow with $*"
cd run/build
mkdir -p 01-yosys-synthesis final/gds final/render
for f in state_in state_out config; do echo '{}' > 01-yosys-synthesis/$f.json; done
echo 00:00:01.000 > 01-yosys-synthesis/runtime.txt
cp ../config.json resolved.json
echo gds > final/gds/spm.gds
echo png > final/render/spm.png
echo '$METRICS' > final/metrics.json
echo log > flow.log
"""


def _settings(folder: Path, script: str = _STAND_IN) -> Settings:
    python = folder / "flow" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(script.replace("$METRICS", '{"klayout__drc_error__count": 0, "x": Infinity}'))
    python.chmod(0o755)
    (folder / "pdk" / "sky130A").mkdir(parents=True)
    return Settings(flow_python=python, pdk_root=folder / "pdk")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return _settings(tmp_path)


@pytest.fixture
def toolchain(settings: Settings) -> Toolchain:
    return default_toolchain(make_toolchains(settings), "build")


def test_build(toolchain: Toolchain, executor: Executor, make_workdir: MakeWorkdir) -> None:
    workdir = make_workdir({"spm.v": "module spm; endmodule\n"})
    result, output = run_job(toolchain, executor, workdir, {"DESIGN_NAME": "spm"})
    assert (result.ok, result.verdict) == (True, Verdict.CLEAN)
    assert result.metrics == {"klayout__drc_error__count": 0, "x": float("inf")}
    assert "flow with -m librelane --flow Offline" in output
    kinds = {file.name: file.kind for file in result.files}
    assert kinds == {
        "final/gds/spm.gds": "gds",
        "final/metrics.json": "metrics",
        "final/render/spm.png": "picture",
        "flow.log": "log",
        "resolved.json": "config",
    }
    resolved = json.loads((workdir / "run" / "build" / "resolved.json").read_text())
    assert resolved["VERILOG_FILES"] == ["dir::spm.v"]
    steps = toolchain.progress(workdir)
    assert steps is not None
    assert [step.status for step in steps] == [StepStatus.COMPLETED]


def test_status_of_the_flow_is_not_that_of_tee(
    tmp_path: Path, executor: Executor, make_workdir: MakeWorkdir
) -> None:
    script = "#!/bin/sh\necho '[10:00:00] ERROR  Unknown key X.'\nexit 1\n"
    toolchain = make_toolchains(_settings(tmp_path, script))["librelane"]
    workdir = make_workdir({"spm.v": ""})
    result, _ = run_job(toolchain, executor, workdir, {"DESIGN_NAME": "spm"})
    assert (result.ok, result.reason) == (False, "tool_failed")
    assert result.message == "LibreLane stopped: Unknown key X."


def test_step_that_ran_when_the_flow_ended_has_failed(
    toolchain: Toolchain, run: RunDirectory, tmp_path: Path
) -> None:
    run.begin("Yosys.Synthesis")
    statuses = []
    for _ in range(2):
        steps = toolchain.progress(tmp_path / "job")
        assert steps is not None
        statuses.append(steps[0].status)
        toolchain.collect({}, tmp_path / "job", ToolCommand("librelane", "LibreLane", ()), -1)
    assert statuses == [StepStatus.RUNNING, StepStatus.FAILED]


def test_worker_without_a_flow(make_workdir: MakeWorkdir) -> None:
    toolchain = make_toolchains(Settings())["librelane"]
    config = toolchain.validate({"DESIGN_NAME": "spm"}, ["spm.v"])
    with pytest.raises(BadInputError, match="A6HUB_FLOW_PYTHON"):
        toolchain.prepare(config, make_workdir({"spm.v": ""}))


def test_what_a_job_sees_of_the_installation(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    home = tmp_path / "pythons" / "3.11"
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "python3").touch()
    python = settings.flow_python
    assert python is not None
    python.unlink()
    python.symlink_to(home / "bin" / "python3")
    (tmp_path / "flow" / "pyvenv.cfg").write_text(f"home = {home / 'bin'}\n")
    plugin = tmp_path / "plugin"
    plugin.mkdir()
    packages = tmp_path / "flow" / "lib" / "python3.11" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "plugin.pth").write_text(f"{plugin}\nimport os\n")
    mounts = Installation.of(settings).mounts()
    assert {mount.source for mount in mounts} == {
        home,
        plugin,
        tmp_path / "flow",
        tmp_path / "pdk",
    }
    assert not any(mount.writable for mount in mounts)


def test_interpreter_of_the_system_needs_no_mount(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    python = settings.flow_python
    assert python is not None
    python.unlink()
    python.symlink_to("/usr/bin/env")
    sources = {mount.source for mount in Installation.of(settings).mounts()}
    assert sources == {tmp_path / "flow", tmp_path / "pdk"}


def test_compiled_functions_are_handed_on(
    toolchain: Toolchain, make_workdir: MakeWorkdir, tmp_path: Path
) -> None:
    (tmp_path / "flow" / "numba-cache").mkdir()
    (tmp_path / "flow" / "numba-cache" / "router.nbi").write_text("x")
    workdir = make_workdir({"spm.v": ""})
    config = toolchain.validate({"DESIGN_NAME": "spm"}, ["spm.v"])
    [command] = toolchain.prepare(config, workdir)
    cache = workdir / command.env["NUMBA_CACHE_DIR"]
    assert os.listdir(cache) == ["router.nbi"]  # noqa: PTH208


def test_defaults(settings: Settings) -> None:
    toolchains = make_toolchains(settings)
    assert default_toolchain(toolchains, "simulation").name == "icarus"
    assert default_toolchain(toolchains, "build").name == "librelane"
    assert all(name == toolchain.name for name, toolchain in toolchains.items())
