"""Which worker takes which job, and which messages are sent for those that cannot run."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from app.executors.scripted import ScriptedExecutor
from app.jobs import presence
from app.jobs.abilities import Abilities, read_abilities
from app.jobs.context import Context
from app.jobs.holds import drain
from app.jobs.lacking import is_lacking
from app.jobs.offers import publish
from app.jobs.passing_on import call_again, pass_on
from app.jobs.presence import Reporter
from app.jobs.relay import relay
from app.jobs.turns import Taker, admissible, claim_next
from app.jobs.waiting import stranded, waits_for
from app.models import Job, JobStatus, JobType, OutboxMessage, Priority
from app.toolchains.librelane.offer import Offer, Pdk
from app.toolchains.needs import Needs, read_needs
from tests.jobs.factories import job_of, make_job, make_user, status_of
from tests.toolchains.librelane.catalogs import CATALOG, as_text

TEXT = as_text(CATALOG)
SKY = Pdk("sky130A", "8afc83", is_offline=False)
GF = Pdk("gf180mcuD", "c0ffee", is_offline=False)
OFFER = Offer("3.0.0", sha256(TEXT).hexdigest(), ("openroad", "yosys"), (SKY,), ("Classic",))
BASIC = Abilities(("icarus",), ("build", "simulation"))
ON_SKY = Needs("librelane", "Classic", "sky130A", "", ("openroad", "yosys"))
ON_GF = replace(ON_SKY, pdk="gf180mcuD")
BUILD = JobType.BUILD


@pytest.fixture(autouse=True)
def _report_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "REPORT_SECONDS", 0.0)


def worker(context: Context, name: str, *pdks: Pdk, basic: Abilities = BASIC) -> Taker:
    """Have a worker tell of itself: of a LibreLane, if PDKs are given."""
    reporter = Reporter(name, ScriptedExecutor(), basic)
    if pdks:
        reporter.offer(publish(context.store, replace(OFFER, pdks=pdks), TEXT))
    reporter.report(context.database)
    return Taker(f"{name}/1", "task", 30, 2, name, Abilities(("icarus",)))


def needing(context: Context, needs: Needs | None, **job: object) -> int:
    """Make a job that waits and has these needs."""
    job_id = make_job(context.database, job_type=BUILD, **job)  # type: ignore[arg-type]  # as given
    with context.database.writing() as session:
        for row in (session.get_one(Job, job_id), session.get_one(OutboxMessage, job_id)):
            row.needs = needs.key if needs else ""
    return job_id


def take(context: Context, taker: Taker) -> int | None:
    mine = claim_next(context.database, BUILD, taker)
    return mine.job_id if mine else None


@pytest.mark.parametrize(
    ("needs", "fits"),
    [
        (ON_SKY, True),
        (replace(ON_SKY, pdk=""), True),
        (replace(ON_SKY, pdk_version="8afc"), True),
        (replace(ON_SKY, pdk_version="9"), False),
        (ON_GF, False),
        (replace(ON_SKY, flow="Offline"), False),
        (replace(ON_SKY, tools=("magic", "yosys")), False),
        (Needs("librelane"), False),
        (Needs("icarus"), True),
        (Needs("verilator"), False),
        (None, True),
    ],
)
def test_a_worker_can_run_what_it_has_all_for(needs: Needs | None, fits: bool) -> None:
    able = replace(BASIC, offer=OFFER)
    assert able.can_run(needs) is fits
    assert read_abilities(able.facts()) == able
    assert needs is None or read_needs(needs.key) == needs


def test_what_it_cannot_run_a_worker_leaves_for_others(context: Context) -> None:
    sky, gf = worker(context, "a:1", SKY), worker(context, "b:2", GF)
    ada = make_user(context.database)
    first, second = needing(context, ON_GF, user=ada), needing(context, ON_SKY, user=ada)
    other = needing(context, ON_GF)
    assert take(context, sky) == second
    assert take(context, sky) is None
    assert {take(context, gf), take(context, gf)} == {first, other}


def test_of_what_it_can_run_the_order_is_as_ever(context: Context) -> None:
    both = worker(context, "a:1", SKY, GF)
    ada = make_user(context.database)
    later = needing(context, ON_GF, user=ada)
    last = needing(context, ON_SKY, user=ada, priority=Priority.LOW)
    first = needing(context, ON_SKY, user=ada, priority=Priority.HIGH)
    both = replace(both, limit=9)
    assert [take(context, both) for _ in range(4)] == [first, later, last, None]


def test_before_it_has_told_its_librelane_it_takes_no_builds(context: Context) -> None:
    plain = worker(context, "a:1")
    build = needing(context, ON_SKY)
    of_old = needing(context, None)
    assert [take(context, plain), take(context, plain)] == [of_old, None]
    assert take(context, worker(context, "a:1", SKY)) == build


def test_what_a_worker_has_lost_is_told_at_once(context: Context, tmp_path: Path) -> None:
    sky, python = tmp_path / "pdk" / "sky130A", tmp_path / "python"
    (sky / "libs.tech").mkdir(parents=True)
    python.touch()
    own = {"pdk_root": sky.parent, "flow_python": python}
    here = replace(context, settings=context.settings.model_copy(update=own))
    worker(here, "a", SKY)
    assert not is_lacking(here, "a", ON_SKY.key)
    for needs in (Needs("icarus").key, "", ON_GF.key):
        assert is_lacking(here, "a", needs) == (needs == ON_GF.key)
    sky.rename(sky.with_name("away"))
    job = needing(here, ON_SKY)
    assert is_lacking(here, "a", ON_SKY.key)
    assert take(here, worker(here, "b", GF)) is None
    why_not = why(here, job)
    assert why_not is not None
    assert "PDK sky130A" in why_not


def test_messages_are_sent_only_for_what_a_live_worker_can_run(context: Context) -> None:
    ada = make_user(context.database)
    gf = [needing(context, ON_GF, user=ada) for _ in range(3)]
    sky = needing(context, ON_SKY, user=ada)
    assert admissible_for(context, ada.id) == [*gf[:2], sky]  # where no worker is, all may come
    worker(context, "a:1", SKY)
    assert admissible_for(context, ada.id) == [sky]
    worker(context, "b:2", GF)
    assert admissible_for(context, ada.id) == [*gf[:2], sky]
    drain(context.database, "b:2")
    assert admissible_for(context, ada.id) == [sky]
    worker(context, "c:3", GF, basic=replace(BASIC, queues=("simulation",)))
    assert admissible_for(context, ada.id) == [sky]


def admissible_for(context: Context, user_id: int) -> list[int]:
    with context.database.reading() as session:
        return sorted(admissible(session, BUILD, user_id, 2))


@pytest.mark.system
def test_a_message_goes_to_each_other_worker_twice(redis_context: Context) -> None:
    sky, _ = worker(redis_context, "a:1", SKY), worker(redis_context, "b:2", GF)
    job = needing(redis_context, ON_GF)
    for passed in (0, 1, 2):
        pass_on(redis_context, BUILD, sky, job, passed)
    assert redis_context.broker.waiting(BUILD) == 2


@pytest.mark.system
def test_who_becomes_free_is_told_of_what_others_left(redis_context: Context) -> None:
    sky, waiting = worker(redis_context, "a:1", SKY), redis_context.broker.waiting
    job = needing(redis_context, ON_SKY)
    relay(redis_context)
    call_again(redis_context, BUILD, sky)
    assert waiting(BUILD) == 1, "nobody else uses the message up"
    gf = worker(redis_context, "b:2", GF)
    call_again(redis_context, BUILD, gf)
    assert waiting(BUILD) == 1, "it is not for this one"
    call_again(redis_context, BUILD, sky)
    assert waiting(BUILD) == 2
    call_again(redis_context, BUILD, replace(sky, limit=0))
    drain(redis_context.database, "a:1")
    call_again(redis_context, BUILD, sky)
    assert waiting(BUILD) == 2, "it may begin nothing now"
    assert take(redis_context, sky) is None
    assert status_of(redis_context.database, job) is JobStatus.PENDING


@pytest.mark.system
def test_no_message_goes_round_for_what_nobody_can_run(redis_context: Context) -> None:
    taker = worker(redis_context, "a:1", SKY)
    worker(redis_context, "b:2", SKY)
    job = needing(redis_context, ON_GF)
    relay(redis_context)
    pass_on(redis_context, BUILD, taker, job, passed=0)
    assert redis_context.broker.waiting(BUILD) == 0
    worker(redis_context, "b:2", GF)
    assert relay(redis_context) == 1


@pytest.mark.system
def test_messages_come_again_when_a_worker_tells_something_new(redis_context: Context) -> None:
    needing(redis_context, ON_SKY)
    assert relay(redis_context) == 1
    worker(redis_context, "a:1", SKY)
    assert relay(redis_context) == 1
    worker(redis_context, "a:1", SKY)
    assert relay(redis_context) == 0


def test_a_job_says_what_it_waits_for(context: Context) -> None:
    job = needing(context, ON_GF)
    assert "none is there that takes jobs from the queue build" in str(why(context, job))
    worker(context, "a:1", SKY)
    assert why(context, job) == (
        "Waits for a worker with flow Classic, openroad, yosys, PDK gf180mcuD. The worker that is "
        "there has: LibreLane 3.0.0 with tools: openroad, yosys; PDKs: sky130A 8afc83."
    )
    with context.database.reading() as session:
        [one] = stranded(session)
    assert (one.queue, one.count, one.why) == ("build", 1, why(context, job))
    worker(context, "b:2", GF)
    assert why(context, job) is None
    with context.database.reading() as session:
        assert stranded(session) == []


def why(context: Context, job: int) -> str | None:
    with context.database.reading() as session:
        return waits_for(session, job_of(context.database, job))
