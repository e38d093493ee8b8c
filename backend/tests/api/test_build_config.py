"""The config that a project keeps for its builds."""

import json
from typing import Any

from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.jobs.context import Context
from tests.api.conftest import MakeClient
from tests.api.offering import offer
from tests.api.problems import assert_problem
from tests.toolchains.librelane.catalogs import CATALOG

NOTHING: dict[str, Any] = {
    **dict.fromkeys(("flow", "preset", "pdk", "pdk_version", "config_file", "keep")),
    "variables": {},
}


def url_of(project: int) -> str:
    return f"/api/v1/builds/{project}/build/config"


def submitted(client: TestClient, project: int, **config: Any) -> dict[str, Any]:
    answer = client.post(f"/api/v1/builds/{project}/build", json={"config": config})
    assert answer.status_code == 201, answer.text
    job = client.get(f"/api/v1/jobs/{answer.json()['id']}").json()
    found: dict[str, Any] = job["config"]
    return found


def test_a_config_is_kept_replaced_and_forgotten(client: TestClient, project: int) -> None:
    url = url_of(project)
    assert client.get(url).json() == NOTHING
    given = {"preset": "tapeout", "CLOCK_PERIOD": 8, "variables": {"FP_CORE_UTIL": 35}}
    kept = NOTHING | {"preset": "tapeout", "variables": {"FP_CORE_UTIL": 35, "CLOCK_PERIOD": 8}}
    assert client.put(url, json=given).json() == kept
    assert client.get(url).json() == kept
    assert client.put(url, json={"flow": "Offline"}).json() == NOTHING | {"flow": "Offline"}
    assert client.delete(url).status_code == 204
    assert client.get(url).json() == NOTHING


def test_what_is_kept_can_be_put_again(client: TestClient, project: int, context: Context) -> None:
    offer(context, "yosys")
    given = {
        "flow": "Offline",
        "pdk": "sky130A",
        "pdk_version": "abc",
        "design_name": "tb",
        "keep": "all",
    }
    given |= {"config_file": "later/config.yaml", "IO_PIN_ORDER_CFG": "dir::later.cfg"}
    kept = client.put(url_of(project), json=given)
    assert kept.status_code == 200, kept.text
    assert kept.json()["variables"] == {"DESIGN_NAME": "tb", "IO_PIN_ORDER_CFG": "dir::later.cfg"}
    assert client.put(url_of(project), json=kept.json()).json() == kept.json()


def test_builds_begin_with_what_is_kept_and_their_own_config_wins(
    client: TestClient, project: int, context: Context
) -> None:
    offer(context, "yosys")
    text = b'{"DESIGN_NAME": "tb", "CLOCK_PERIOD": 20, "FP_CORE_UTIL": 20}'
    client.put(f"/api/v1/projects/{project}/files/config.json", content=text)
    given = {"preset": "minimal", "CLOCK_PERIOD": 15, "SYNTH_STRATEGY": "DELAY 0"}
    client.put(url_of(project), json=given)
    config = submitted(client, project, CLOCK_PERIOD=5)
    assert config["preset"] == "minimal"
    assert config["variables"] == {"CLOCK_PERIOD": 5, "SYNTH_STRATEGY": "DELAY 0"}
    assert submitted(client, project, preset=None)["preset"] is None
    client.delete(url_of(project))
    assert submitted(client, project)["variables"] == {}


def test_old_names_are_kept_as_new_ones(client: TestClient, project: int, context: Context) -> None:
    offer(context, "yosys")
    kept = client.put(url_of(project), json={"LVS": False, "NO_FLAT": 1}).json()["variables"]
    assert kept == {"RUN_LVS": False, "NO_FLAT": 1}


def test_simulations_have_nothing_to_do_with_it(client: TestClient, project: int) -> None:
    client.put(url_of(project), json={"CLOCK_PERIOD": 15})
    answer = client.post(f"/api/v1/simulations/{project}/simulation", json={})
    assert answer.status_code == 201


REFUSED: list[tuple[Any, str, str]] = [
    ({"CLOCK_PERIOD": "10ns"}, "body.CLOCK_PERIOD", "leave out 'ns' and write 10"),
    ({"variables": {"CLOCK_PEROID": 9}}, "body.CLOCK_PEROID", "mean 'CLOCK_PERIOD'?"),
    ({"SYNTH_STRATEGY": "AREA 9"}, "body.SYNTH_STRATEGY", "'AREA 0', 'DELAY 0'"),
    ({"PDN_CFG": "dir::x.tcl"}, "body.PDN_CFG", "script"),
    ({"PNR_SDC_FILE": "/etc/passwd"}, "body.PNR_SDC_FILE", "absolute"),
    ({"preset": "fast"}, "body.preset", "minimal, balanced"),
    ({"preset": ["minimal"]}, "body.preset", "is no preset"),
    ({"flow": "Classic"}, "body.flow", "needs openroad"),
    ({"flow": {"a": 1}}, "body.flow", "is no name"),
    ({"pdk": "gf180mcuD"}, "body.pdk", "installed: sky130A abcdef"),
    ({"from": "Yosys.Synthesis"}, "body.from", "no such setting"),
    ({"config_file": "config.tcl"}, "body.config_file", "JSON or YAML"),
    ({"config_file": "../config.json"}, "body.config_file", "leave the project"),
    ({"config_file": ["config.json"]}, "body.config_file", "JSON or YAML"),
    ({"variables": []}, "body.variables", "mapping"),
    ({"meta": {}}, "body.meta", "no such setting"),
    ([], "body", "dictionary"),
    ({"X": "\x00"}, "body", "control character"),
    ({"DIE_AREA": [[[[[[[[[[[[1]]]]]]]]]]]]}, "body.DIE_AREA", "too large"),
]


def test_what_no_build_could_have_is_not_kept(
    client: TestClient, project: int, context: Context
) -> None:
    offer(context, "yosys")
    url = url_of(project)
    client.put(url, json={"CLOCK_PERIOD": 7})
    for body, field, words in REFUSED:
        problem = assert_problem(client.put(url, json=body), 422, field)
        assert words in problem["detail"]
    assert client.get(url).json()["variables"] == {"CLOCK_PERIOD": 7}


HOSTILE = [
    b"",
    b"null",
    b"{",
    b"\xff",
    b'{"CLOCK_PERIOD": NaN}',
    b'{"CLOCK_PERIOD": 1e999}',
    b'{"CLOCK_PERIOD": ' + b"9" * 5000 + b"}",
    b'{"CLOCK_PERIOD": ' + b"9" * 4000 + b"}",
    b'{"DESIGN_NAME": "\\ud800"}',
    b'{"\\ud800": 1}',
    b'{"\\u0000": 1}',
    b'{"X": ' * 5000 + b"1" + b"}" * 5000,
    b'{"X": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"variables": {"pdk::*": {"scl::*": {"pdk::*": {"scl::*": {}}}}}}',
    json.dumps({f"UNKNOWN_{number}": 1 for number in range(5000)}).encode(),
    json.dumps({"EXTRA_SITES": ["x"] * 30_000}).encode(),
]


def test_hostile_texts_are_refused(client: TestClient, project: int, context: Context) -> None:
    offer(context, "yosys")
    headers = {"content-type": "application/json"}
    for text in HOSTILE:
        answer = client.put(url_of(project), content=text, headers=headers)
        assert answer.status_code in (400, 422), text[:100]
        assert_problem(answer, answer.status_code)
        assert len(answer.content) < 20_000
    assert client.get(url_of(project)).json() == NOTHING


def test_who_may_read_and_who_may_change(
    client: TestClient, project: int, log_in: MakeClient
) -> None:
    other = log_in("bob")
    assert_problem(other.get(url_of(project)), 404)
    client.patch(f"/api/v1/projects/{project}", json={"visibility": "public"})
    assert other.get(url_of(project)).json() == NOTHING
    for answer in (other.put(url_of(project), json={}), other.delete(url_of(project))):
        assert_problem(answer, 403)
    assert_problem(client.get(url_of(99)), 404)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
NAMES = [one["name"] for one in CATALOG["variables"]]
BOUNDED = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@BOUNDED
@given(config=st.dictionaries(st.sampled_from([*NAMES, "flow", "preset", "variables"]), JSON))
def test_no_config_is_a_500(
    client: TestClient, project: int, context: Context, config: dict[str, Any]
) -> None:
    offer(context, "yosys")
    headers = {"content-type": "application/json"}
    text = json.dumps(config).encode()
    assert client.put(url_of(project), content=text, headers=headers).status_code in (200, 422)
    client.delete(url_of(project))
    client.put(f"/api/v1/projects/{project}/files/config.json", content=text)
    answer = client.post(f"/api/v1/builds/{project}/build", json={})
    assert answer.status_code in (201, 422), answer.text
