"""What a job came to, over the API and as a file."""

import base64

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.jobs.context import Context
from app.models import JobStatus, User
from app.web.report.report import MOST_PICTURE
from tests.api.conftest import MakeClient
from tests.api.problems import assert_problem
from tests.jobs.builds import Outcome, begin_build, end_build, rename_project

HOSTILE = "</title><script>window.hit=1</script>\"'{{7*7}}"
METRICS = {
    "timing__setup__ws": "-0.25",
    "timing__setup__ws__corner:slow": "-0.25",
    "timing__setup_r2r__ws": "inf",
    "design__instance__utilization": "0.5",
    "klayout__drc_error__count": "0",
    "something__odd": "nan",
}
PNG = b"\x89PNG\r\n\x1a\n rest of it"


@pytest.fixture
def ada(client: TestClient, context: Context) -> User:
    with context.database.reading() as session:
        return session.scalars(select(User)).one()


def test_the_result_of_a_build(client: TestClient, ada: User, context: Context) -> None:
    violation = {"kind": "setup", "text": "3 setup violations", "count": 3}
    details = {"violations": [violation], "failure": None, "versions": {"yosys": "0.54"}}
    outcome = Outcome(verdict="violations", details=details, metrics=METRICS)
    job = end_build(context, begin_build(context, ada, []), outcome)
    result = client.get(f"/api/v1/jobs/{job}/result").json()
    assert (result["verdict"], result["failure"]) == ("violations", None)
    assert [one["text"] for one in result["violations"]] == ["3 setup violations"]
    figures = {one["name"]: (one["value"], one["unit"], one["good"]) for one in result["headline"]}
    assert figures == {
        "Utilization": (50, "%", None),
        "Worst setup slack": (-0.25, "ns", False),
        "DRC errors": (0, "", True),
    }
    assert [(one["corner"], one["setup_ws"]) for one in result["timing"]] == [
        (None, -0.25),
        ("slow", -0.25),
    ]
    values = {one["name"]: one["value"] for group in result["groups"] for one in group["metrics"]}
    assert values == {
        "timing__setup__ws": -0.25,
        "timing__setup__ws__corner:slow": -0.25,
        "timing__setup_r2r__ws": "Infinity",
        "something__odd": "NaN",
        "design__instance__utilization": 0.5,
        "klayout__drc_error__count": 0,
    }
    assert (result["versions"], result["pdk"]) == ({"yosys": "0.54"}, {})


def test_the_result_of_a_failure(client: TestClient, ada: User, context: Context) -> None:
    failure = {"step": "A.B", "name": "B", "message": "no", "hint": "Do.", "folder": "1-a-b"}
    outcome = Outcome(JobStatus.FAILED, "failed", "B failed.", {"failure": failure})
    job = end_build(context, begin_build(context, ada, []), outcome)
    assert client.get(f"/api/v1/jobs/{job}/result").json()["failure"] == failure


def test_who_cancels_a_build_makes_it_fail_in_no_step(
    client: TestClient, ada: User, context: Context
) -> None:
    details = {"failure": {"step": "A.B", "name": "B", "message": "killed"}}
    outcome = Outcome(JobStatus.CANCELLED, None, "Cancelled while running.", details)
    job = end_build(context, begin_build(context, ada, []), outcome)
    assert client.get(f"/api/v1/jobs/{job}/result").json()["failure"] is None
    page = client.get(f"/api/v1/jobs/{job}/report.html").text
    assert "Cancelled" in page
    assert "Failed in" not in page


def test_before_the_end_there_is_nothing(client: TestClient, ada: User, context: Context) -> None:
    job = begin_build(context, ada, []).job_id
    result = client.get(f"/api/v1/jobs/{job}/result").json()
    assert result["verdict"] is None
    assert not any(result[name] for name in ("violations", "headline", "timing", "groups", "pdk"))
    assert client.get(f"/api/v1/jobs/{job}/report.html").status_code == 200


def test_the_report_is_one_file(client: TestClient, ada: User, context: Context) -> None:
    artifacts = {
        "1-render/early.png": PNG,
        "final/render/top.png": PNG + b"final",
        "final/render/a.png": b"no picture",
        "final/render/huge.png": b"\x89PNG\r\n\x1a\n".ljust(MOST_PICTURE + 1),
    }
    job = end_build(context, begin_build(context, ada, []), Outcome(artifacts=artifacts))
    answer = client.get(f"/api/v1/jobs/{job}/report.html")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script" not in policy
    page = answer.text
    assert f"data:image/png;base64,{base64.b64encode(PNG + b'final').decode()}" in page
    assert page.count("data:image") == 1
    assert page.startswith("<!doctype html>")
    for outside in ("http:", "https:", "<script", "<link", "url(", "@import", 'src="/', "href="):
        assert outside not in page


def test_what_is_hostile_is_text_in_the_report(
    client: TestClient, ada: User, context: Context
) -> None:
    note = {"warnings": [HOSTILE], "errors": [HOSTILE]}
    steps = [{"step": HOSTILE, "status": HOSTILE[:16], "notes": note, "seconds": 1.0}]
    details = {
        "violations": [{"kind": HOSTILE, "text": HOSTILE}],
        "failure": {"name": HOSTILE, "message": HOSTILE, "hint": HOSTILE},
        **{name: {HOSTILE: HOSTILE} for name in ("pdk", "versions", "installation")},
    }
    metrics = {HOSTILE: HOSTILE, f"timing__setup__ws__corner:{HOSTILE}": "1"}
    outcome = Outcome(JobStatus.FAILED, None, HOSTILE, details, metrics, {f"{HOSTILE}.rpt": b"x"})
    job = end_build(context, begin_build(context, ada, steps), outcome)
    rename_project(context, job, HOSTILE)
    page = client.get(f"/api/v1/jobs/{job}/report.html").text
    assert "<script" not in page
    assert page.count("</title>") == 1 + page.count("<svg")
    assert page.count("&lt;script&gt;window.hit=1") >= 10
    assert "{{7*7}}" in page


def test_others_see_no_result(ada: User, context: Context, log_in: MakeClient) -> None:
    job = end_build(context, begin_build(context, ada, []), Outcome())
    bob = log_in("bob")
    for path in ("result", "report.html"):
        assert_problem(bob.get(f"/api/v1/jobs/{job}/{path}"), 404)
