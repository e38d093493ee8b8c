"""Rules, dashboard and runbook: valid to Prometheus itself, and about metrics that there are."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from app.api import meters
from app.cli.stack import BACKEND
from app.jobs.context import Context
from app.jobs.meters import PROCESS
from app.jobs.metrics import InstallationCollector
from app.jobs.tallied_metrics import TOTALS
from app.jobs.tallies import BACKUP_AT
from app.models import Tally
from app.workers.metrics import WorkFolder
from tests.jobs.factories import make_job
from tests.monitoring.prometheus import MONITORING, promtool

_DASHBOARD = MONITORING / "grafana" / "dashboards" / "a6hub.json"
_RULES = (MONITORING / "rules.yml").read_text()
_NAME = re.compile(r"\b(?:a6hub|process)_[a-z0-9_]+\b")
#: The schema that a version of Grafana writes.
_SCHEMAS = {"11.6.0": 41}
_DOCS = BACKEND.parent / "docs"
#: Tallies of what has ended, by their names and labels.
_SOME = (
    *((total.tally, ["x"] * len(total.labels)) for total in TOTALS),
    (*BACKUP_AT, []),
    *((name, ["x"]) for name in ("steps", "executor_commands", "executor_start_seconds")),
)


def panels() -> list[dict[str, Any]]:
    panels = json.loads(_DASHBOARD.read_text())["panels"]
    return [panel for panel in panels if panel["type"] != "row"]


def expressions() -> list[str]:
    return [target["expr"] for panel in panels() for target in panel["targets"]]


@pytest.fixture
def families(context: Context, tmp_path: Path) -> list[Metric]:
    """All that API and workers tell when there has been some of everything."""
    make_job(context.database)
    with context.database.writing() as session:
        for name, labels in _SOME:
            session.add(Tally(name=name, labels=json.dumps(labels), value=1))
    registry = CollectorRegistry()
    registry.register(InstallationCollector(context.database))
    registry.register(WorkFolder(tmp_path))
    meters.requests.labels("GET", "/", "200")
    meters.seconds_to_answer.labels("GET", "/")
    text = (generate_latest(registry) + generate_latest(PROCESS)).decode()
    return [*text_string_to_metric_families(text)]


@pytest.fixture
def told(families: list[Metric]) -> set[str]:
    """The names of all of it."""
    return {sample.name for family in families for sample in family.samples}


def test_promtool_takes_rules_and_config() -> None:
    promtool("check", "rules", "rules.yml")
    promtool("check", "config", "--syntax-only", "prometheus.yml")


def test_each_alert_fires_for_what_it_is_for() -> None:
    assert "SUCCESS" in promtool("test", "rules", "rules.test.yml")
    tested = set(re.findall(r"alertname: (\w+)", (MONITORING / "rules.test.yml").read_text()))
    assert tested == set(re.findall(r"alert: (\w+)", _RULES))


def test_each_alert_has_its_entry_in_the_runbook() -> None:
    alerts = re.findall(r"alert: (\w+)", _RULES)
    entries = re.findall(r"^## (\w+)$", (_DOCS / "runbook.md").read_text(), re.MULTILINE)
    assert entries == alerts
    assert re.findall(r"runbook.md#(\w+)", _RULES) == [alert.lower() for alert in alerts]


def test_each_panel_asks_what_prometheus_understands(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{n}", "expr": one} for n, one in enumerate(expressions())]
    # JSON is YAML.
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "a", "rules": rules}]}))
    said = promtool("check", "rules", "rules.yml", folder=tmp_path)
    assert f"{len(rules)} rules found" in said


def test_what_is_asked_for_is_told(told: set[str]) -> None:
    asked = set(
        _NAME.findall(" ".join([*expressions(), *re.findall("expr:.*|^ {10}.*", _RULES, re.M)]))
    )
    assert len(asked) > 20
    assert asked - told == set()


def test_what_is_told_is_what_is_documented(families: list[Metric]) -> None:
    """With types and labels: nothing more and nothing less."""
    found = {_as_documented(one) for one in families if one.name.startswith("a6hub_")}
    page = (_DOCS / "reference" / "metrics.md").read_text()
    rows = re.findall(r"^\| `(a6hub_\w+)` \| (\w+) \| (.*?) ?\| .+ \|$", page, re.MULTILINE)
    documented = {(name, kind, frozenset(re.findall(r"`(\w+)`", it))) for name, kind, it in rows}
    assert len(documented) == len(rows) == page.count("| `a6hub_")
    assert found == documented


def _as_documented(family: Metric) -> tuple[str, str, frozenset[str]]:
    labels = {name for sample in family.samples for name in sample.labels} - {"le"}
    name = f"{family.name}_total" if family.type == "counter" else family.name
    kind = "info" if name.endswith("_info") else family.type  # which Prometheus takes for a gauge
    return name, kind, frozenset(labels)


def test_panels_ask_the_data_source_that_is_provisioned() -> None:
    source = (
        MONITORING / "grafana" / "provisioning" / "datasources" / "prometheus.yml"
    ).read_text()
    uid = re.search(r"uid: (\S+)", source)
    assert uid is not None
    asked = [part["datasource"] for panel in panels() for part in (panel, *panel["targets"])]
    assert asked == [{"type": "prometheus", "uid": uid[1]}] * len(asked)


def test_the_dashboard_is_as_grafana_wants_it() -> None:
    board = json.loads(_DASHBOARD.read_text())
    image = re.search(r"grafana/grafana:(\S+)", (BACKEND / "docker-compose.yml").read_text())
    assert image is not None
    assert (board["uid"], board["schemaVersion"]) == ("a6hub", _SCHEMAS[image[1].partition("@")[0]])
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(set(numbers)) == len(numbers)
    assert {panel["type"] for panel in board["panels"]} <= {"row", "stat", "timeseries", "bargauge"}
    for panel in panels():
        references = [target["refId"] for target in panel["targets"]]
        assert len(set(references)) == len(references) > 0


def test_panels_do_not_lie_on_one_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(_DASHBOARD.read_text())["panels"]:
        x, y, width, height = (panel["gridPos"][name] for name in "xywh")
        cells = {(x + right, y + down) for right in range(width) for down in range(height)}
        assert x + width <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


def test_the_dashboard_answers_three_questions() -> None:
    rows = [
        panel for panel in json.loads(_DASHBOARD.read_text())["panels"] if panel["type"] == "row"
    ]
    questions = [panel["title"] for panel in rows]
    assert questions[:3] == ["Is it healthy?", "What is slow?", "Who fills it?"]
    assert all(not panel["panels"] for panel in rows)  # what is in a row folded up is in it
