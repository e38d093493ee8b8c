"""A real build to GDSII whose worker is killed again and again, in each of its steps once."""

from pathlib import Path

import pytest

from app.core.settings import Settings
from tests.flow import flow_environment
from tests.jobs.factories import job_of
from tests.system.builds import CONFIG, TOP, await_end, kill_in_step, result_of, steps_of
from tests.system.lab import FAST, Lab
from tests.system.workers import worker

pytestmark = [
    pytest.mark.system,
    pytest.mark.flow,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]


def test_a_build_that_is_killed_in_each_of_its_steps_ends_the_same(
    lab: Lab, settings: Settings, tmp_path: Path
) -> None:
    environment = {**FAST, **flow_environment(), "MAX_ATTEMPTS": "100"}
    with worker(settings, tmp_path / "log", "--concurrency=1", **environment) as running:
        whole = lab.build(TOP, **CONFIG)
        await_end(lab, whole)
        steps = steps_of(lab, whole)
        killed = lab.build(TOP, **CONFIG)
        for ordinal in range(1, len(steps) + 1):
            kill_in_step(lab, killed, ordinal, running)
        await_end(lab, killed)
    assert lab.outcomes(killed) == ["lost"] * len(steps) + ["completed"]
    assert job_of(lab.database, killed).verdict == "clean"
    assert steps_of(lab, killed) == steps
    assert result_of(lab, killed) == result_of(lab, whole)
