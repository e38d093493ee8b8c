"""Workers tell what they can build with, and the API's side reads it."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import update

from app.core.clock import utcnow
from app.executors.scripted import ScriptedExecutor
from app.jobs import complete_config, presence
from app.jobs.complete_config import offered_toolchains
from app.jobs.context import Context
from app.jobs.offers import offered, publish
from app.jobs.presence import Reporter
from app.models import WorkerOffer
from app.toolchains.librelane.offer import Offer, Offered, Pdk
from tests.toolchains.librelane.catalogs import CATALOG, as_text

TEXT = as_text(CATALOG)
OFFER = Offer(
    "3.0.0", sha256(TEXT).hexdigest(), ("yosys",), (Pdk("sky130A", "1", is_offline=True),)
)


@pytest.fixture(autouse=True)
def _report_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "REPORT_SECONDS", 0.0)


def reporter(context: Context, name: str, offer: Offer = OFFER) -> Reporter:
    made = Reporter(name, ScriptedExecutor())
    made.offer(publish(context.store, offer, TEXT))
    return made


def age(context: Context, by: timedelta) -> None:
    with context.database.writing() as session:
        session.execute(update(WorkerOffer).values(seen_at=utcnow() - by))


def test_what_workers_offer_is_known_with_its_catalog(context: Context) -> None:
    assert offered(context) == []
    for name in ("host:1", "host:2"):
        reporter(context, name).report(context.database)
    [one] = offered(context)
    assert one.offer == OFFER
    assert one.catalog.flow("Offline") is not None


def test_one_look_at_offers_serves_all_that_a_job_is_checked_for(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter(context, "w").report(context.database)
    asked: list[Context] = []

    def noted(of: Context) -> list[Offered]:
        asked.append(of)
        return offered(of)

    monkeypatch.setattr(complete_config, "offered", noted)
    toolchain = offered_toolchains(context)["librelane"]
    config = toolchain.validate({"DESIGN_NAME": "top"}, ["top.v"])
    assert toolchain.needs(config, ["top.v"]).flow == config["flow"]
    assert asked == [context]


def test_the_newest_comes_first_and_one_that_nobody_has_any_more_is_forgotten(
    context: Context,
) -> None:
    old, new = (reporter(context, "w", replace(OFFER, librelane=of)) for of in ("2.4", "3.0"))
    old.report(context.database)
    age(context, timedelta(days=1))
    new.report(context.database)
    assert [one.offer.librelane for one in offered(context)] == ["3.0", "2.4"]
    age(context, timedelta(days=8))
    new.report(context.database)
    assert [one.offer.librelane for one in offered(context)] == ["3.0"]


def test_what_is_offered_now_hides_what_was_offered_before(context: Context) -> None:
    old, new = (reporter(context, "w", replace(OFFER, librelane=of)) for of in ("2.4", "3.0"))
    old.report(context.database)
    age(context, timedelta(hours=1))
    assert [one.offer.librelane for one in offered(context, now=True)] == ["2.4"]
    new.report(context.database)
    assert [one.offer.librelane for one in offered(context, now=True)] == ["3.0"]


def test_an_offer_outlives_its_worker(context: Context) -> None:
    one = reporter(context, "host:1")
    one.report(context.database)
    one.leave(context.database)
    assert len(offered(context)) == 1


def test_what_becomes_known_is_told_at_once(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "REPORT_SECONDS", 3600.0)
    one = Reporter("host:1", ScriptedExecutor())
    one.report(context.database)
    one.offer(publish(context.store, OFFER, TEXT))
    one.report(context.database)
    assert [found.offer for found in offered(context)] == [OFFER]


def test_an_offer_that_cannot_be_read_is_left_out(context: Context) -> None:
    one = reporter(context, "w")
    lost = replace(OFFER, catalog="0" * 64).facts()
    told = publish(context.store, OFFER, TEXT)
    one.offer({**told, "a": lost, "b": {"librelane": 3, "of": "another release"}})
    one.report(context.database)
    assert [found.offer for found in offered(context)] == [OFFER]
