"""Nothing is lost, run twice to effect or stuck, whatever is killed."""

import pytest

from tests.chaos.run import Plan, run

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.timeout(360)]


@pytest.mark.parametrize("plan", [Plan(), Plan(seed=2, jobs=60, seconds=40, database="sqlite")])
def test_every_job_ends_once(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    report = run(plan)
    with capsys.disabled():
        print(f"\n{report.table()}")  # noqa: T201 - the run's figures belong into CI's output
    assert report.problems == []
    assert report.books.statuses()["completed"] >= plan.jobs / 2
