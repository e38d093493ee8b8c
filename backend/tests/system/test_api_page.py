"""The page of the API in a real browser: routes are shown and can be tried, all from this a6hub."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from app.api.deps import SESSION_COOKIE
from app.jobs.context import Context
from tests.api.conftest import make_login
from tests.system.server import served

ROUTES = """async () => {
  const described = await (await fetch("/openapi.json")).json();
  return Object.values(described.paths).flatMap(Object.keys).length;
}"""

pytestmark = [
    pytest.mark.system,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


@pytest.fixture
def page(context: Context, browser: Browser) -> Iterator[Page]:
    """The page as Ada sees it; what a browser complains of is the test's trouble."""
    token, troubles, asked = make_login(context.database, "ada"), list[str](), set[str]()
    with served(context.settings) as address, browser.new_context() as visit:
        visit.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": address}])
        page = visit.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "console",
            lambda said: troubles.append(said.text) if said.type in ("error", "warning") else None,
        )
        page.on("request", lambda request: asked.add(request.url))
        page.goto(f"{address}/docs")
        yield page
        assert troubles == []
        assert {url for url in asked if not url.startswith((address, "data:"))} == set()


def test_routes_are_shown_with_who_may_and_how_they_fail(page: Page) -> None:
    expect(page.locator(".opblock")).to_have_count(page.evaluate(ROUTES))
    expect(page.locator("header").get_by_role("link", name="Jobs")).to_have_attribute("href", "/")
    route = page.locator("#operations-projects-delete_api_v1_projects__project_id__delete")
    expect(route).to_contain_text("Delete a project with its files and jobs")
    route.locator(".opblock-summary-control").click()
    expect(route).to_contain_text("Who may: the project's owner and administrators.")
    expect(route).to_contain_text("It is not in a state for this")


def test_a_route_is_tried_as_who_is_logged_in(page: Page) -> None:
    route = page.locator("#operations-accounts-me_api_v1_auth_me_get")
    route.locator(".opblock-summary-control").click()
    route.get_by_role("button", name="Try it out").click()
    route.get_by_role("button", name="Execute").click()
    expect(route.locator(".live-responses-table")).to_contain_text('"username": "ada"')


def test_a_project_is_made_from_the_example(page: Page) -> None:
    route = page.locator("#operations-projects-create_api_v1_projects_post")
    route.locator(".opblock-summary-control").click()
    route.get_by_role("button", name="Try it out").click()
    route.get_by_role("button", name="Execute").click()
    answer = route.locator(".live-responses-table")
    expect(answer).to_contain_text("201")
    expect(answer).to_contain_text('"name": "chip"')
