"""The bundle of a job: unpacked and run by hand, it gives what the job gave."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from app.core.settings import Settings
from app.executors.base import Executor
from app.jobs.context import Context
from app.jobs.outcomes import Ending
from app.jobs.states import finish
from app.models import Job, JobStatus, Metric
from app.storage.blobs import blob_key
from app.toolchains.registry import make_toolchains
from tests.api.conftest import MakeClient
from tests.api.problems import assert_problem
from tests.jobs.factories import claim_job
from tests.toolchains.conftest import MakeWorkdir, executor, flow, iverilog, make_workdir
from tests.toolchains.jobs import run_job

__all__ = ["executor", "flow", "iverilog", "make_workdir"]

TESTBENCH = """
module tb;
  initial begin
    #`DELAY $warning("at %0t", $realtime);
    $finish;
  end
endmodule
"""
COUNTER = """
module counter(input clk, input reset, output reg [2:0] value);
  `include "next.vh"
endmodule
"""
NEXT = "always @(posedge clk) value <= reset ? 3'd0 : value + 3'd1;\n"
HOSTILE = "../../<b>\n\"; touch hit; '$(touch hit)` größe"


def put(client: TestClient, project: int, files: dict[str, str]) -> None:
    for path, text in files.items():
        url = f"/api/v1/projects/{project}/files/{path}"
        assert client.put(url, content=text.encode()).is_success


def submit(client: TestClient, kind: str, project: int, config: dict[str, Any]) -> int:
    answer = client.post(f"/api/v1/{kind}s/{project}/{kind}", json={"config": config})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def unpack(client: TestClient, job: int, folder: Path) -> Path:
    """Unpack a job's bundle; return its folder."""
    answer = client.get(f"/api/v1/jobs/{job}/bundle")
    assert answer.status_code == 200, answer.text
    folder.mkdir()
    subprocess.run(["tar", "-xzf", "-"], input=answer.content, cwd=folder, check=True)
    [top] = folder.iterdir()
    return top


def run(bundle: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [bundle / "run.sh"],
        cwd="/",
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.usefixtures("iverilog")
def test_a_simulation_is_repeated(client: TestClient, project: int, tmp_path: Path) -> None:
    put(client, project, {"tb.v": TESTBENCH, "with space/größe.txt": "x"})
    config = {"top": "tb", "defines": {"DELAY": "7"}, "timescale": "1ns/1ps"}
    bundle = unpack(client, submit(client, "simulation", project, config), tmp_path / "out")
    assert (bundle / "source/with space/größe.txt").read_text() == "x"
    done = run(bundle)
    assert done.returncode == 0, done.stderr
    assert "WARNING: tb.v:4: at 7000" in done.stdout


@pytest.mark.flow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_build_is_repeated(
    client: TestClient,
    project: int,
    flow: Settings,
    executor: Executor,
    make_workdir: MakeWorkdir,
    tmp_path: Path,
) -> None:
    files = {"rtl/counter.v": COUNTER, "rtl/next.vh": NEXT}
    project_config = {"DESIGN_NAME": "counter", "CLOCK_PORT": "clk", "CLOCK_PERIOD": 10}
    files["config.json"] = json.dumps(project_config)
    config = {
        "variables": {"VERILOG_INCLUDE_DIRS": ["dir::rtl"], "VERILOG_FILES": ["dir::rtl/counter.v"]}
    }
    put(client, project, files)
    client.delete(f"/api/v1/projects/{project}/files/tb.v")
    bundle = unpack(client, submit(client, "build", project, config), tmp_path / "out")

    workdir = make_workdir(files)
    result, output = run_job(make_toolchains(flow)["librelane"], executor, workdir, config)
    assert result.ok, output
    given = json.loads((workdir / "run/config.json").read_text())
    assert json.loads((bundle / "config.json").read_text()) == given

    assert flow.flow_python is not None
    path = f"{flow.flow_python.parent}:{os.environ['PATH']}"
    for _ in range(2):  # it can be run again
        done = run(bundle, PATH=path, PDK_ROOT=str(flow.pdk_root))
        assert done.returncode == 0, done.stdout + done.stderr
    made = json.loads((bundle / "run/build/final/metrics.json").read_text())
    assert made == result.metrics


def test_a_build_without_a_pdk_says_what_it_needs(
    client: TestClient, project: int, tmp_path: Path
) -> None:
    job = submit(client, "build", project, {"design_name": "tb"})
    bundle = unpack(client, job, tmp_path / "out")
    done = run(bundle, PDK_ROOT="")
    assert done.returncode != 0
    assert "name the folder that holds the PDK sky130A" in done.stderr
    assert "PDK_ROOT" in (bundle / "README.md").read_text()


def test_what_the_job_was_is_told(
    client: TestClient, project: int, context: Context, tmp_path: Path
) -> None:
    job = submit(client, "build", project, {"design_name": "tb"})
    mine = claim_job(context.database, job)
    details = {"versions": {"librelane": "3.0.17"}, "pdk": {"name": "gf180mcuD", "version": "abc"}}
    with context.database.writing() as session:
        finish(session, mine, Ending(JobStatus.COMPLETED, "Good.", verdict="clean"), details)
        session.add(Metric(job_id=job, name="slack", value="inf"))
        session.add(Metric(job_id=job, name="cells", value="12"))
    first, second = (client.get(f"/api/v1/jobs/{job}/bundle").content for _ in range(2))
    assert first == second
    bundle = unpack(client, job, tmp_path / "out")
    assert bundle.name == f"chip-job-{job}"
    versions = json.loads((bundle / "versions.json").read_text())
    assert (versions["versions"], versions["pdk"]) == (details["versions"], details["pdk"])
    assert [attempt["number"] for attempt in versions["attempts"]] == [1]
    assert json.loads((bundle / "metrics.json").read_text()) == {"cells": 12, "slack": "Infinity"}
    assert "completed, clean" in (bundle / "README.md").read_text()
    assert "--pdk gf180mcuD" in (bundle / "run.sh").read_text()


def test_a_hostile_name_stays_a_name(client: TestClient, project: int, tmp_path: Path) -> None:
    name = HOSTILE.replace("\n", " ")
    assert client.patch(f"/api/v1/projects/{project}", json={"name": name}).is_success
    job = submit(client, "simulation", project, {"top": "tb"})
    answer = client.get(f"/api/v1/jobs/{job}/bundle")
    given = unquote(answer.headers["content-disposition"].partition("''")[2])
    assert re.fullmatch(rf"[A-Za-z0-9._-]+-job-{job}\.tar\.gz", given)
    assert not given.startswith(".")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]
    bundle = unpack(client, job, tmp_path / "out")
    if shutil.which("iverilog"):
        assert run(bundle).returncode == 0
    assert not list(tmp_path.rglob("hit"))


def test_who_sees_no_job_gets_no_bundle(
    client: TestClient, project: int, log_in: MakeClient
) -> None:
    job = submit(client, "simulation", project, {"top": "tb"})
    assert_problem(log_in("bob").get(f"/api/v1/jobs/{job}/bundle"), 404)


def test_what_could_not_be_run_has_no_bundle(
    client: TestClient, project: int, context: Context
) -> None:
    put(client, project, {"config.json": '{"DESIGN_NAME": "x"}'})
    job = submit(client, "build", project, {})
    [digest] = [one["digest"] for one in client.get(f"/api/v1/projects/{project}/files").json()
                if one["path"] == "config.json"]  # fmt: skip
    (context.settings.data_dir / "store" / blob_key(digest)).write_bytes(b"{broken")
    assert "config.json" in assert_problem(client.get(f"/api/v1/jobs/{job}/bundle"), 409)["detail"]


def test_a_file_that_the_store_has_lost_breaks_the_bundle_off(
    client: TestClient, project: int, context: Context
) -> None:
    job = submit(client, "simulation", project, {"top": "tb"})
    [file] = client.get(f"/api/v1/projects/{project}/files").json()
    lost = context.settings.data_dir / "store" / blob_key(file["digest"])
    lost.unlink()
    part = client.get(f"/api/v1/jobs/{job}/bundle").content
    assert subprocess.run(["gzip", "-t"], input=part, check=False, capture_output=True).returncode
    with context.database.writing() as session:
        session.execute(update(Job).values(toolchain="gone"))
    assert_problem(client.get(f"/api/v1/jobs/{job}/bundle"), 409)
