"""Nothing is lost, run twice to effect or stuck, whatever is killed."""

import os
import shutil

import pytest

from tests.chaos.run import Plan, run

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.timeout(900)]

#: Each kind of database once: the highly available site has PostgreSQL.
PLANS = [
    Plan(site="ha"),
    Plan(seed=2, jobs=60, seconds=40, site="sqlite"),
]


@pytest.mark.parametrize("plan", PLANS, ids=[plan.site for plan in PLANS])
def test_every_job_ends_once(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    if plan.site == "ha" and not shutil.which("radosgw") and not os.environ.get("CI"):
        pytest.skip("no S3 server: apt-get install ceph-mon ceph-osd radosgw")
    report = run(plan)
    with capsys.disabled():
        print(f"\n{report.table()}")  # noqa: T201 - the run's figures belong into CI's output
    assert report.problems == []
    assert report.books.statuses()["completed"] >= plan.jobs / 2
    assert plan.site != "ha" or report.failovers
