"""The system page in a real browser, as an operator uses it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import update

from app.api.deps import SESSION_COOKIE
from app.core.clock import utcnow
from app.executors.scripted import ScriptedExecutor
from app.jobs.context import Context
from app.jobs.presence import Reporter
from app.models import User, WorkerReport
from tests.api.conftest import make_login
from tests.jobs.factories import claim_job, make_job
from tests.system.server import served
from tests.system.test_job_page import CONTRASTS

pytestmark = [
    pytest.mark.system,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


@pytest.fixture
def page(context: Context, browser: Browser) -> Iterator[Page]:
    """The page as an administrator, with a worker that runs a job."""
    token = make_login(context.database, "root")
    with context.database.writing() as session:
        session.execute(update(User).values(is_admin=True))
    Reporter("host:1", ScriptedExecutor()).report(context.database)
    with context.database.writing() as session:  # it stays there, however long a test takes
        session.execute(update(WorkerReport).values(seen_at=utcnow() + timedelta(hours=1)))
    claim_job(context.database, make_job(context.database), "host:1/7", lease=600)
    with served(context.settings) as address, browser.new_context() as visit:
        visit.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": address}])
        opened = visit.new_page()
        opened.goto(f"{address}/system")
        yield opened


def press(button: Locator) -> None:
    """Press what shows the page anew, and wait until that is whole."""
    with button.page.expect_event("load"):
        button.click()


def test_draining_a_worker(page: Page) -> None:
    row = page.locator("tr").filter(has_text="host:1")
    expect(row.get_by_role("link", name="1", exact=True)).to_have_attribute("href", "/jobs/1")
    press(row.get_by_role("button", name="Drain"))
    expect(row.locator(".badge")).to_have_text("draining")
    press(row.get_by_role("button", name="Undo"))
    expect(row.locator(".badge")).to_have_text("there")


def test_maintenance(page: Page) -> None:
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Begin maintenance").click()
    expect(page.locator(".banner")).to_have_count(0)
    page.once("dialog", lambda dialog: dialog.accept("New <b>disks</b>."))
    press(page.get_by_role("button", name="Begin maintenance"))
    expect(page.locator(".banner")).to_contain_text("New <b>disks</b>.")
    press(page.get_by_role("button", name="End maintenance"))
    expect(page.locator(".banner")).to_have_count(0)


def test_what_is_refused_is_told(page: Page, context: Context) -> None:
    page.evaluate(
        "fetch('/api/v1/system/maintenance', {method: 'PUT', body: '{}', "
        "headers: {'Content-Type': 'application/json'}})"
    )
    page.once("dialog", lambda dialog: dialog.accept(""))
    page.get_by_role("button", name="Begin maintenance").click()
    expect(page.locator("#trouble")).to_have_text("Maintenance is on already.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    expect(page.get_by_text("Always kept of each project and type")).to_be_visible()
    assert page.evaluate(CONTRASTS) == {}
    page.set_viewport_size({"width": 360, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
