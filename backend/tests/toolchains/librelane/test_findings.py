import json

from app.schemas.results import FindingsView
from app.toolchains.librelane.findings import Failure, Violation, details


def test_what_is_written_is_what_is_read() -> None:
    violation = Violation("setup", 3, "3 setup violations", "max_ss", -0.25, "ns")
    failure = Failure("OpenROAD.CTS", "Clock Tree Synthesis", "[CTS-0001] no", "Try.", "35-x")
    text = json.dumps(details([violation], failure, [violation]), allow_nan=False)
    found = FindingsView.model_validate_json(text)
    assert Violation(**found.violations[0].model_dump()) == violation
    assert found.tolerated == found.violations
    assert found.failure is not None
    assert Failure(**found.failure.model_dump()) == failure


def test_nothing_found() -> None:
    assert details([], None) == {"violations": [], "tolerated": [], "failure": None}
    assert FindingsView.model_validate({"pdk": "sky130A"}) == FindingsView()


def test_a_slack_without_bounds_is_json() -> None:
    violation = Violation("hold", 1, "1 hold violation", worst=float("-inf"), unit="ns")
    assert details([violation], None)["violations"][0]["worst"] is None
