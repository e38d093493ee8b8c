"""A real worker tells what the real LibreLane beside it has, and builds are checked with that."""

from pathlib import Path

import pytest

from app.core.errors import InvalidError
from app.core.settings import Settings
from app.jobs.build_choices import flow_choices, newest_catalog, pdk_choices
from app.jobs.offers import offered
from app.models import JobStatus
from tests.flow import flow_environment
from tests.jobs.factories import job_of
from tests.system.databases import ON_POSTGRESQL
from tests.system.lab import Lab
from tests.system.workers import wait_until, worker

pytestmark = [pytest.mark.system, pytest.mark.flow]

TOP = "module top(input clk, input d, output reg q); always @(posedge clk) q <= d; endmodule\n"


@ON_POSTGRESQL
def test_builds_are_checked_with_what_a_worker_has_told(
    lab: Lab, settings: Settings, tmp_path: Path
) -> None:
    flow = flow_environment()
    early = lab.build(TOP, CLOCK_PEROID=10)
    with worker(settings, tmp_path / "log", **flow):
        wait_until(lambda: bool(offered(lab.context)), "the worker tells what it has")
        lab.wait_for(early, JobStatus.FAILED)
    job = job_of(lab.database, early)
    assert job.reason == "bad_input"
    assert "Did you mean 'CLOCK_PERIOD'?" in str(job.message)
    with pytest.raises(InvalidError, match="Did you mean 'CLOCK_PERIOD'"):
        lab.build(TOP, CLOCK_PEROID=10)
    flows = {choice.flow.name: choice.why_not for choice in flow_choices(lab.context)}
    assert flows["Offline"] is None
    assert str(flows["Classic"]).startswith("The flow Classic needs ")
    assert "Offline" in [name for pdk in pdk_choices(lab.context) for name in pdk.flows]
    assert newest_catalog(lab.context, "Offline").variables_of("Offline")["OFFLINE_PNR_LEF"]
