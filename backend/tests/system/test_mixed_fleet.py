"""Two real workers that differ in their PDKs: each build runs where its PDK is, or waits for it."""

import shutil
from pathlib import Path

import pytest

from app.jobs.abilities import live_abilities
from app.jobs.offers import offered
from app.models import JobStatus
from app.toolchains.librelane.catalog import load_catalog
from tests.jobs.factories import attempts_of, job_of, status_of
from tests.replay.installation import Replay, make_recording
from tests.system.lab import FAST, Lab
from tests.system.workers import Worker, wait_until, worker
from tests.toolchains.librelane.catalogs import CATALOG, as_text

pytestmark = [
    pytest.mark.system,
    pytest.mark.slow,
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]
TOP = "module top; endmodule\n"
OTHER = "gf180mcuD"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short one: here it only matters where it is played."""
    flow = load_catalog(as_text(CATALOG)).flow("Classic")
    assert flow is not None
    return make_recording(flow, tmp_path_factory.mktemp("short") / "classic")


@pytest.fixture
def other(tmp_path: Path, recording: Path, replay: Replay) -> Replay:
    """An installation like `replay`, beside another PDK."""
    made = Replay(tmp_path / "other", recording)
    (made.pdk_root / "sky130A").rename(made.pdk_root / OTHER)
    return made


def test_builds_run_on_the_worker_that_has_their_pdk(
    lab: Lab, replay: Replay, other: Replay, tmp_path: Path
) -> None:
    settings = lab.context.settings
    with worker(settings, tmp_path / "first", **replay.environment, **FAST) as first:
        with worker(settings, tmp_path / "second", **other.environment, **FAST) as second:
            _wait_for_offers(lab, 2)
            pdks = ["sky130A", OTHER] * 2
            jobs = [lab.build(TOP, flow="Classic", pdk=pdk) for pdk in pdks]
            for job, pdk in zip(jobs, pdks, strict=True):
                lab.wait_for(job, JobStatus.COMPLETED)
                assert _ran_on(lab, job, first if pdk == "sky130A" else second)
        waiting = lab.build(TOP, flow="Classic", pdk=OTHER)
        # The first worker goes on with what it can run, whatever waits before it.
        lab.wait_for(lab.build(TOP, flow="Classic", pdk="sky130A"), JobStatus.COMPLETED)
        assert status_of(lab.database, waiting) is JobStatus.PENDING
        assert attempts_of(lab.database, waiting) == []
        with lab.client() as client:
            why = client.get(f"/api/v1/jobs/{waiting}").json()["waits_for"]
            assert why.startswith("Waits for a worker with flow Classic, ")
            assert f"PDK {OTHER}. The worker that is there has: " in why
            assert "PDKs: sky130A c0ffee" in why
            with worker(settings, tmp_path / "third", **other.environment, **FAST) as third:
                lab.wait_for(waiting, JobStatus.COMPLETED)
                assert _ran_on(lab, waiting, third)
            assert client.get(f"/api/v1/jobs/{waiting}").json()["waits_for"] is None


def test_a_worker_without_librelane_leaves_builds_and_runs_simulations(
    lab: Lab, replay: Replay, tmp_path: Path
) -> None:
    settings = lab.context.settings
    with worker(settings, tmp_path / "able", **replay.environment, **FAST) as able:
        _wait_for_offers(lab, 1)
        with worker(settings, tmp_path / "plain", **FAST):
            wait_until(lambda: len(_live(lab)) == 2, "both are there")
            jobs = [lab.build(TOP, flow="Classic") for _ in range(3)]
            simulation = lab.simulate("module tb; initial $finish; endmodule")
            for job in (*jobs, simulation):
                lab.wait_for(job, JobStatus.COMPLETED)
            assert all(_ran_on(lab, job, able) for job in jobs)


def test_a_pdk_that_is_installed_while_a_worker_runs_is_used(
    lab: Lab, replay: Replay, tmp_path: Path
) -> None:
    settings = lab.context.settings
    with worker(settings, tmp_path / "one", **replay.environment, **FAST):
        _wait_for_offers(lab, 1)
        shutil.copytree(replay.pdk_root / "sky130A", replay.pdk_root / OTHER)
        wait_until(lambda: _pdks(lab) == [OTHER, "sky130A"], "it tells what it has now")
        lab.wait_for(lab.build(TOP, flow="Classic", pdk=OTHER), JobStatus.COMPLETED)


def test_a_build_whose_pdk_has_just_gone_waits_until_it_is_there_again(
    lab: Lab, replay: Replay, tmp_path: Path
) -> None:
    settings, pdk = lab.context.settings, replay.pdk_root / "sky130A"
    with worker(settings, tmp_path / "one", **replay.environment, **FAST):
        _wait_for_offers(lab, 1)
        pdk.rename(tmp_path / "away")
        job = lab.build(TOP, flow="Classic")
        wait_until(lambda: _pdks(lab) == [], "it tells that the PDK has gone")
        wait_until(lambda: status_of(lab.database, job) is JobStatus.PENDING, "the build waits")
        assert set(lab.outcomes(job)) <= {"released"}
        (tmp_path / "away").rename(pdk)
        lab.wait_for(job, JobStatus.COMPLETED)


def _live(lab: Lab) -> list[object]:
    with lab.database.reading() as session:
        return list(live_abilities(session))


def _pdks(lab: Lab) -> list[str]:
    with lab.database.reading() as session:
        [able] = live_abilities(session)
    return [pdk.name for pdk in able.offer.pdks] if able and able.offer else []


def _wait_for_offers(lab: Lab, count: int) -> None:
    wait_until(lambda: len(offered(lab.context)) == count, "all have told what they have")


def _ran_on(lab: Lab, job: int, one: Worker) -> bool:
    return f":{one.process.pid}/" in str(job_of(lab.database, job).worker)
