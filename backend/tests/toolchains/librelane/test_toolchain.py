"""The toolchain with a stand-in for LibreLane: a script that leaves a run directory."""

import json
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.executors.base import Executor
from app.toolchains.base import BadInputError, StepStatus, Toolchain, Verdict
from app.toolchains.librelane.catalog.source import KEPT
from app.toolchains.librelane.equipment import Equipment
from app.toolchains.librelane.plan import Plan
from app.toolchains.librelane.toolchain import LibreLaneRun
from app.toolchains.registry import default_toolchain, make_toolchains
from tests.toolchains.conftest import MakeWorkdir
from tests.toolchains.jobs import run_job, run_prepared
from tests.toolchains.librelane.catalogs import CATALOG, as_text
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
    (folder / "flow" / KEPT).write_bytes(as_text(CATALOG))
    (folder / "pdk" / "sky130A" / "libs.tech" / "offline").mkdir(parents=True)
    (folder / "pdk" / "sky130A" / "made-by").write_text("c0ffee" * 10)
    return Settings(flow_python=python, pdk_root=folder / "pdk")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return _settings(tmp_path)


@pytest.fixture
def toolchain(settings: Settings) -> Toolchain:
    return default_toolchain(make_toolchains(settings), "build")


def test_build(
    toolchain: Toolchain, executor: Executor, make_workdir: MakeWorkdir, tmp_path: Path
) -> None:
    workdir = make_workdir({"spm.v": "module spm; endmodule\n"})
    config = toolchain.validate({"DESIGN_NAME": "spm"}, ["spm.v"])
    run = toolchain.prepare(config, workdir)
    result, output = run_prepared(run, executor, workdir)
    assert (result.ok, result.verdict) == (True, Verdict.CLEAN)
    assert result.metrics == {"klayout__drc_error__count": 0, "x": float("inf")}
    assert f"--manual-pdk --pdk-root {tmp_path}/pdk --pdk sky130A --flow Offline" in output
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
    assert result.details["pdk"] == {
        "name": "sky130A",
        "version": "c0ffeec0ffee",
        "source": "a6hub",
    }
    of_machine = {"programs"}  # which it may have
    assert set(result.details["installation"]) - of_machine == {"librelane", "environment"}
    steps = run.progress()
    assert steps is not None
    assert [step.status for step in steps] == [StepStatus.COMPLETED]


def test_a_verdict_tells_of_checks_that_the_config_leaves_out(
    toolchain: Toolchain, executor: Executor, make_workdir: MakeWorkdir
) -> None:
    file = {"DESIGN_NAME": "spm", "meta": {"substituting_steps": {"Checker.LVS*": None}}}
    workdir = make_workdir({"spm.v": "module spm; endmodule\n", "config.json": json.dumps(file)})
    result, output = run_job(toolchain, executor, workdir, {})
    assert result.verdict is Verdict.CLEAN
    assert result.message.endswith(" Left out by the config: Checker.LVS, Checker.LVS-1.")
    assert "--flow" not in output, "named, a flow would be taken as it is"


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
    run: RunDirectory, tmp_path: Path, settings: Settings
) -> None:
    run.begin("Yosys.Synthesis")
    equipment = Equipment.of(settings, {"flow": "Offline"})
    work = LibreLaneRun(tmp_path / "job", equipment, Plan("Offline", ()))
    statuses = []
    for _ in range(2):
        steps = work.progress()
        assert steps is not None
        statuses.append(steps[0].status)
        work.collect(work.commands[0], -1)
    assert statuses == [StepStatus.RUNNING, StepStatus.FAILED]


def test_worker_without_a_flow(make_workdir: MakeWorkdir) -> None:
    toolchain = make_toolchains(Settings())["librelane"]
    config = toolchain.validate({"DESIGN_NAME": "spm"}, ["spm.v"])
    with pytest.raises(BadInputError, match="A6HUB_FLOW_PYTHON"):
        toolchain.prepare(config, make_workdir({"spm.v": ""}))


def test_defaults(settings: Settings) -> None:
    toolchains = make_toolchains(settings)
    assert default_toolchain(toolchains, "simulation").name == "icarus"
    assert default_toolchain(toolchains, "build").name == "librelane"
    assert all(name == toolchain.name for name, toolchain in toolchains.items())
