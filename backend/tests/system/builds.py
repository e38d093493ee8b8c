"""A small real build: its end, its result, and killing it in a step."""

import time

from sqlalchemy import select

from app.jobs.queries import artifacts_of, metrics_of
from app.models import JobStatus, Step
from tests.jobs.factories import job_of, status_of
from tests.system.lab import Lab
from tests.system.workers import PATIENCE, Worker, wait_until

TOP = """
module top(input clk, input reset, output reg [7:0] count);
  always @(posedge clk) count <= reset ? 8'd0 : count + 8'd1;
endmodule
"""
CONFIG = {"CLOCK_PORT": "clk", "CLOCK_PERIOD": 10}


def kill_in_step(lab: Lab, job_id: int, ordinal: int, running: Worker) -> None:
    """Kill the pool process that works on the job as soon as the step's folder is there."""
    folder = f"{job_id}-*/job/run/build/{ordinal:02}-*"
    deadline = time.monotonic() + PATIENCE
    while not any(lab.context.settings.work_dir.glob(folder)):
        assert time.monotonic() < deadline, f"step {ordinal} never begins: {lab.log(job_id)!r}"
        time.sleep(0.002)  # nothing tells of a folder; a step may last some milliseconds
    attempts = len(lab.outcomes(job_id))
    running.kill_pool_processes()
    wait_until(lambda: len(lab.outcomes(job_id)) > attempts, "the next attempt begins")


def await_end(lab: Lab, job_id: int) -> None:
    """Return when a build is completed."""
    wait_until(lambda: status_of(lab.database, job_id).is_terminal, "the build ends", 120)
    job = job_of(lab.database, job_id)
    assert job.status == JobStatus.COMPLETED, job.message


def steps_of(lab: Lab, job_id: int) -> list[str]:
    """The folders of the last attempt's steps, all of which are completed."""
    attempt = job_of(lab.database, job_id).attempt
    query = select(Step).where(Step.job_id == job_id, Step.attempt == attempt)
    with lab.database.reading() as session:
        rows = session.scalars(query.order_by(Step.ordinal)).all()
    assert {row.status for row in rows} == {"completed"}
    return [row.folder or "" for row in rows]


def result_of(lab: Lab, job_id: int) -> dict[str, object]:
    """The metrics, and what the final layout is, byte for byte."""
    with lab.database.reading() as session:
        job = job_of(lab.database, job_id)
        kinds = {"gds", "def", "netlist", "spef"}
        files = {
            artifact.name: artifact.digest
            for artifact in artifacts_of(session, job)
            if artifact.kind in kinds and artifact.name.startswith("final/")
        }
        assert any(name.endswith(".gds") for name in files)
        return {**metrics_of(session, job), **files}
