"""The job page while a build of LibreLane's Classic is played back to a real worker, and after it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.api.deps import SESSION_COOKIE
from app.jobs.offers import offered
from tests.replay.installation import Replay
from tests.system.lab import FAST, Lab
from tests.system.server import served
from tests.system.workers import wait_until, worker

pytestmark = [
    pytest.mark.system,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
MIDDLE = 35
TOP = "module top; endmodule\n"


@pytest.fixture
def page(lab: Lab, replay: Replay, browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """A page of the user's, beside a worker that plays."""
    settings = lab.context.settings
    with (
        worker(settings, tmp_path / "log", **FAST, **replay.environment),
        served(settings) as address,
        browser.new_context(base_url=address) as visit,
    ):
        wait_until(lambda: offered(lab.context) != [], "the worker has told what it has")
        cookie = {"name": SESSION_COOKIE, "value": lab.log_in(), "url": address}
        visit.add_cookies([cookie])  # type: ignore[list-item]  # a plain dict will do
        yield visit.new_page()
        replay.set()  # nothing is held any more


def test_all_steps_of_classic(page: Page, lab: Lab, replay: Replay) -> None:
    count = len(replay.steps)
    replay.set(hold=replay.steps[MIDDLE])
    page.goto(f"/jobs/{lab.build(TOP, flow='Classic')}")
    expect(page.locator("#steps-count")).to_have_text(f"step {MIDDLE + 1} of {count}")
    expect(page.locator("#steps > li.completed")).to_have_count(MIDDLE)
    expect(page.locator("#steps > li.running")).to_have_count(1)
    expect(page.locator("#steps > li.running")).to_be_in_viewport()
    expect(page.locator("#steps > li.pending")).to_have_count(count - MIDDLE - 1)
    expect(page.locator("#steps-left")).to_be_empty()  # nobody can know yet
    replay.set()
    expect(page.locator("#outcome-title")).to_contain_text("Clean")
    expect(page.locator("#steps > li.completed")).to_have_count(count)
    expect(page.locator("#steps-progress")).to_be_hidden()

    replay.set(hold=replay.steps[MIDDLE])
    page.goto(f"/jobs/{lab.build(TOP, flow='Classic')}")
    expect(page.locator("#steps-left")).to_have_text(re.compile(r"^about \d.* left$"))
    expect(page.locator("#steps > li.completed")).to_have_count(MIDDLE)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#outcome-title")).to_contain_text("Cancelled")
    last = page.locator("#steps > li.completed").last
    last.locator("summary.step").click()
    last.get_by_text("Files and logs").click()
    expect(last.get_by_role("link", name="state_out.json")).to_be_visible()
