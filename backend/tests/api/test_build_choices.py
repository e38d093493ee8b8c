"""What a build can be given, told by the API."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.clock import utcnow
from app.core.settings import Settings
from app.jobs.context import Context
from app.jobs.offers import note_offers, offered, publish
from app.toolchains.librelane.offer import offers_of
from tests.api.conftest import MakeClient
from tests.api.offering import WHOLE, offer
from tests.api.problems import assert_problem
from tests.toolchains.conftest import flow

__all__ = ["flow"]

BUILDS = "/api/v1/builds"


def variables(client: TestClient, **params: Any) -> dict[str, Any]:
    answer = client.get(f"{BUILDS}/variables", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def names(found: dict[str, Any]) -> list[str]:
    return [one["name"] for one in found["variables"]]


def test_before_any_worker_has_told(client: TestClient) -> None:
    assert client.get(f"{BUILDS}/flows").json() == []
    assert client.get(f"{BUILDS}/pdks").json() == []
    problem = assert_problem(client.get(f"{BUILDS}/variables"), 404)
    assert "No worker has told yet" in problem["detail"]


def test_only_users_are_told(anonymous: TestClient) -> None:
    for what in ("flows", "pdks", "presets", "variables"):
        assert_problem(anonymous.get(f"{BUILDS}/{what}"), 401)


def test_flows_with_their_steps_and_why_they_cannot_run(
    client: TestClient, context: Context
) -> None:
    offer(context, "yosys")
    classic, offline = client.get(f"{BUILDS}/flows").json()
    assert classic["why_not"] == "The flow Classic needs openroad, which no worker has."
    assert (offline["name"], offline["why_not"]) == ("Offline", None)
    assert (classic["is_usual"], offline["is_usual"]) == (False, True)
    assert offline["steps"][1] == {
        "id": "Checker.LVS",
        "name": "LVS",
        "tool": None,
        "gates": [{"variable": "RUN_LVS", "default": True}],
    }
    offer(context, "yosys", "openroad", pdks=(WHOLE,))
    offer(context, "yosys")
    flows = client.get(f"{BUILDS}/flows").json()
    assert [(one["why_not"], one["is_usual"]) for one in flows] == [(None, True), (None, False)]


def test_pdks_with_the_flows_that_they_serve(client: TestClient, context: Context) -> None:
    offer(context, "yosys")
    offer(context, "yosys", "openroad", pdks=(WHOLE,))
    found = sorted(client.get(f"{BUILDS}/pdks").json(), key=lambda pdk: str(pdk["version"]))
    assert found == [
        {"name": "sky130A", "version": "8afc83", "flows": ["Classic"], "is_usual": True},
        {"name": "sky130A", "version": "abcdef", "flows": ["Offline"], "is_usual": True},
    ]


def test_presets_say_why(client: TestClient) -> None:
    found = {one["name"]: one for one in client.get(f"{BUILDS}/presets").json()}
    assert list(found) == ["minimal", "balanced", "high_quality", "tapeout"]
    corners = next(
        one for one in found["tapeout"]["settings"] if one["name"] == "TIMING_VIOLATION_CORNERS"
    )
    assert corners["value"] == ["*"]
    assert "any corner" in corners["why"]


def test_a_variable_is_told_for_programs_and_for_people(
    client: TestClient, context: Context
) -> None:
    offer(context, "yosys")
    [port] = variables(client, q="CLOCK_PORT")["variables"]
    text = {"kind": "text"}
    union = {"kind": "union", "of": [text, {"kind": "list", "of": [text]}]}
    assert port["type"] == {"kind": "optional", "of": [union]}
    assert port["takes"] == "text or list of text, or null"
    [period] = variables(client, q="clock_period")["variables"]
    assert (period["default"], period["units"], period["refused"]) == (10.0, "ns", None)
    assert period["is_universal"]


def test_variables_are_filtered_and_come_in_pages(client: TestClient, context: Context) -> None:
    offer(context, "yosys")
    everything = variables(client)
    assert everything["librelane"] == "3.0.0"
    assert everything["total"] == len(names(everything)) == 19
    assert names(everything) == sorted(names(everything))
    page = variables(client, offset=2, limit=3)
    assert (page["total"], names(page)) == (19, names(everything)[2:5])
    assert names(everything).count("FP_CORE_UTIL") == 2
    [core] = variables(client, flow="Offline", q="core_util")["variables"]
    assert core["default"] == 40
    assert "LAYERS_RC" not in names(variables(client, flow="Offline"))
    assert names(variables(client, step="yosys.synthesis")) == [
        "VERILOG_FILES",
        "VERILOG_INCLUDE_DIRS",
    ]
    assert names(variables(client, step="Yosys.Synthesis-1", q="include")) == [
        "VERILOG_INCLUDE_DIRS"
    ]
    assert names(variables(client, step="Checker.LVS")) == []
    assert names(variables(client, q="fp_pin_order")) == ["IO_PIN_ORDER_CFG"]
    assert names(variables(client, q="no such words")) == []


ASKED_WRONGLY: list[tuple[dict[str, Any], str, str]] = [
    ({"flow": "Clasic"}, "query.flow", "Did you mean 'Classic'?"),
    ({"step": "Yosys.Synth"}, "query.step", "Did you mean 'Yosys.Synthesis'?"),
    ({"step": "\x00"}, "query.step", "There are: Checker.LVS"),
    ({"q": ""}, "query.q", "at least 1"),
    ({"q": "x" * 101}, "query.q", "at most 100"),
    ({"limit": 0}, "query.limit", "greater"),
    ({"limit": 1001}, "query.limit", "less"),
    ({"offset": -1}, "query.offset", "greater"),
]


def test_what_is_asked_wrongly(client: TestClient, context: Context) -> None:
    offer(context, "yosys")
    for params, field, words in ASKED_WRONGLY:
        problem = assert_problem(client.get(f"{BUILDS}/variables", params=params), 422, field)
        assert words in problem["detail"]


@pytest.mark.flow
def test_the_real_librelane_is_told_whole(
    client: TestClient, context: Context, flow: Settings
) -> None:
    [(offer, text)] = offers_of(flow)
    told = publish(context.store, offer, text)
    with context.database.writing() as session:
        note_offers(session, told, utcnow())
    [catalog] = [one.catalog for one in offered(context)]
    found = variables(client, limit=1000)
    assert found["total"] == len(catalog.variables) == len(found["variables"])
    refused = {one["name"] for one in found["variables"] if one["refused"]}
    assert {"PDN_CFG", "PDK", "SLANG_ARGUMENTS"} <= refused
    flows = {one["name"]: one for one in client.get(f"{BUILDS}/flows").json()}
    assert flows["Offline"]["why_not"] is None
    assert len(flows["Classic"]["steps"]) > 60


def test_a_job_may_name_flows_and_values_that_workers_have(
    client: TestClient, context: Context, project: int, log_in: MakeClient
) -> None:
    offer(context, "yosys")

    def submit(**config: Any) -> Any:
        return client.post(f"{BUILDS}/{project}/build", json={"config": config})

    files = f"/api/v1/projects/{project}/files"
    client.put(f"{files}/spm.v", content=b"module spm; endmodule\n")
    assert submit(DESIGN_NAME="spm").json()["status"] == "pending"
    problem = assert_problem(submit(DESIGN_NAME="spm", flow="Classic"), 422, "body.config.flow")
    assert "needs openroad, which no worker has" in problem["detail"]
    answer = submit(DESIGN_NAME="spm", CLOCK_PERIOD="soon", CLOCK_PROT="clk", SDC="x")
    problem = assert_problem(answer, 422, "body.config.CLOCK_PERIOD")
    assert [error["field"] for error in problem["errors"]] == [
        "body.config.CLOCK_PERIOD",
        "body.config.CLOCK_PROT",
        "body.config.SDC",
    ]
    assert "Did you mean 'CLOCK_PORT'?" in problem["errors"][1]["message"]
    text = b'{"DESIGN_NAME": "spm", "VERILOG_FILES": "dir::rtl/spm.v", "CLOCK_PERIOD": []}'
    client.put(f"{files}/config.json", content=text)
    problem = assert_problem(submit(), 422, "files/config.json.CLOCK_PERIOD")
    assert problem["errors"][0] == {
        "field": "files/config.json.VERILOG_FILES",
        "message": "The project has no file 'rtl/spm.v'. Did you mean 'spm.v'?",
    }
