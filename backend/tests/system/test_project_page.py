"""The pages of projects in a real browser, beside a real worker: from nothing to a simulation's end."""

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, FilePayload, Locator, Page, Route, expect
from sqlalchemy import select

from app.api.deps import SESSION_COOKIE
from app.core.settings import Settings
from app.db.engine import Database
from app.jobs.broker import Broker
from app.jobs.context import Context
from app.models import Job
from app.storage.store import make_store
from tests.api.conftest import make_login
from tests.api.offering import offer
from tests.projects.archives.building import zip_of
from tests.system.server import served
from tests.system.test_job_page import CONTRASTS
from tests.system.workers import worker

pytestmark = pytest.mark.system

HOSTILE = "<img src=x onerror='window.hit=1'>{{7*7}}"
BENCH = b"""module tb_top;
  reg [7:0] seed;
  initial begin
    if (!$value$plusargs("seed=%d", seed)) $error("there is no seed");
    if (`WIDTH != 8 || seed != 7) $error("not as the form says");
    $finish;
  end
endmodule
"""
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def here(
    tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Path, redis_server: str
) -> Iterator[Context]:
    """What the file's tests share; each makes projects of its own."""
    folder = tmp_path_factory.mktemp("pages")
    shutil.copy(_sqlite_template, folder / "a6hub.sqlite3")
    settings = Settings(data_dir=folder, celery_broker_url=redis_server)
    opened = Context(settings, Database(settings.database), make_store(settings), Broker(settings))
    opened.broker.redis.flushall()
    offer(opened, "yosys")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def go(here: Context, browser: Browser) -> Iterator[Open]:
    """Open a page as a user; errors of scripts, and what the page's policy forbids, are the test's."""
    troubles: list[str] = []
    with served(here.settings) as address, browser.new_context(base_url=address) as visit:
        tokens = {name: make_login(here.database, name) for name in ("ada", "bob", "eve")}

        def open_page(path: str, user: str = "ada") -> Page:
            visit.add_cookies([{"name": SESSION_COOKIE, "value": tokens[user], "url": address}])
            page = visit.new_page()
            page.on("pageerror", lambda error: troubles.append(str(error)))
            page.on("console", lambda said: troubles.append(said.text))
            page.on("dialog", _accept)
            page.goto(path)
            return page

        yield open_page
    # The browser tells of each answer that is a refusal, too.
    assert [one for one in troubles if not one.startswith("Failed to load resource")] == []


def _accept(dialog: Dialog) -> None:
    dialog.accept()


def make_project(page: Page, name: str, *, public: bool = False) -> str:
    """Make a project on the page of all projects; its page's path."""
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Public").set_checked(public)
    page.get_by_role("button", name="Make it").click()
    page.wait_for_url(re.compile(r"/projects/\d+$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    return re.sub(r"^https?://[^/]+", "", page.url)


def put(page: Page, **contents: bytes) -> None:
    """Choose files; `__` stands for the dot in a name."""
    page.get_by_label("Choose files or an archive").set_input_files(
        [
            FilePayload(name=name.replace("__", "."), mimeType="", buffer=data)
            for name, data in contents.items()
        ]
    )


def jobs_of(here: Context, path: str) -> Sequence[Job]:
    """Return the jobs of the project with the page at `path`."""
    with here.database.reading() as session:
        return session.scalars(
            select(Job).where(Job.project_id == int(path.rpartition("/")[2]))
        ).all()


def form(page: Page, name: str) -> Locator:
    return page.get_by_role("form", name=name)


def paths(page: Page) -> Locator:
    return page.locator("#files-list tbody td:first-child")


def test_from_nothing_to_a_simulation(go: Open, here: Context, tmp_path: Path) -> None:
    page = go("/", "bob")
    page.locator("main").get_by_role("link", name="Make a project").click()
    path = make_project(page, "counter")
    more = zip_of({"readme": b"", ".git/config": b""})
    put(page, chip__zip=zip_of({"chip-main/src/a.v": b""}), more__zip=more, tb__v=BENCH)
    words = "chip.zip: 1 added. more.zip: 1 added. 1 file was put here."
    expect(page.locator("#put-done")).to_have_text(words)
    expect(page.locator("#left-out summary")).to_have_text("1 name was left out")
    expect(paths(page)).to_have_text(["readme", "src/a.v", "tb.v"])

    with worker(here.settings, tmp_path / "log"):
        simulate = form(page, "Simulate")
        simulate.get_by_label("Top module").fill("tb_top")
        simulate.get_by_label("Plusargs").fill("seed=7\n")
        simulate.get_by_text("More").click()
        simulate.get_by_label("Macros").fill("WIDTH=8")
        simulate.get_by_role("button", name="Simulate").click()
        expect(page.locator("#outcome-title")).to_contain_text("Passed")
    page.get_by_role("heading", level=1).get_by_role("link", name="counter").click()
    page.wait_for_url(f"**{path}")
    expect(page.locator("table.card .badge.passed")).to_be_visible()
    page.get_by_role("link", name="Projects", exact=True).click()
    expect(page.locator("tr", has_text="counter").locator(".badge.passed")).to_be_visible()


def test_files_are_put_shown_and_removed(go: Open, tmp_path: Path) -> None:
    page = go("/projects")
    make_project(page, "files")
    folder = tmp_path / "design"
    for name in ("rtl/top.v", "rtl/inc/x y.vh", ".git/config", "rtl/._top.v"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"// {name} {HOSTILE}\n")
    page.get_by_label("Choose a folder").set_input_files(folder)
    expect(page.locator("#put-done")).to_have_text("2 files were put here.")
    expect(page.locator("#left-out summary")).to_have_text("2 names were left out")
    expect(paths(page)).to_have_text(["rtl/inc/x y.vh", "rtl/top.v"])

    page.get_by_role("link", name="rtl/top.v").click()
    dialog = page.get_by_role("dialog", name="rtl/top.v")
    expect(dialog.locator("pre")).to_have_text(f"// rtl/top.v {HOSTILE}")
    with page.expect_download() as download:
        dialog.get_by_role("link", name="Download").click()
    assert download.value.path().read_text() == f"// rtl/top.v {HOSTILE}\n"
    dialog.get_by_role("button", name="Close").click()

    page.get_by_role("button", name="Remove rtl/inc/x y.vh").click()
    expect(paths(page)).to_have_text(["rtl/top.v"])
    page.get_by_text("Options").click()
    page.get_by_label("An archive replaces all").check()
    put(page, new__zip=zip_of({"only.v": b""}))
    expect(page.locator("#put-done")).to_have_text("new.zip: 1 added, 1 removed.")
    expect(paths(page)).to_have_text(["only.v"])


DROP = """() => {
  const transfer = new DataTransfer();
  transfer.items.add(new File(["// dropped"], "dropped.v"));
  document.getElementById("drop").dispatchEvent(new DragEvent("drop", { dataTransfer: transfer }));
}"""


def test_what_is_refused_is_told_beside_it(go: Open, here: Context) -> None:
    page = go("/projects")
    path = make_project(page, "refused")
    form(page, "Simulate").get_by_role("button", name="Simulate").click()
    words = "The project has no files; upload the design first."
    expect(form(page, "Simulate").get_by_role("alert")).to_have_text(words)
    page.evaluate(DROP)
    expect(paths(page)).to_have_text(["dropped.v"])
    put(page, **{"a$b__v": b"x", "good__v": b"x"})
    trouble = "'a$b.v' holds a dollar sign, which tools do not take; rename the file."
    expect(page.locator("#put-trouble")).to_have_text(trouble)
    put(page, **{'a"b__v': b"x"})
    expect(page.locator("#put-trouble")).to_contain_text('a"b.v holds a quotation mark')
    put(page, bad__zip=zip_of({"good.v": b"", "a;b.v": b""}))
    expect(page.locator("#put-trouble")).to_contain_text("holds a semicolon")
    expect(page.locator("#sending")).to_be_hidden()  # else a job would wait for these files
    expect(paths(page)).to_have_text(["dropped.v"])

    top = form(page, "Simulate").get_by_label("Top module")
    top.fill("no name")
    top.press("Enter")
    expect(top).to_be_focused()
    expect(top).to_have_accessible_description(re.compile("'no name'"))

    build = form(page, "Build")
    variables = build.get_by_label("Variables")
    variables.fill("DESIGN_NAME=top\nCLOCK_PEROID=10")
    build.get_by_role("button", name="Build").click()
    expect(variables).to_have_accessible_description(re.compile("Did you mean 'CLOCK_PERIOD'"))
    variables.fill("DESIGN_NAME")
    build.get_by_role("button", name="Build").click()
    expect(variables).to_have_accessible_description("DESIGN_NAME: write KEY=VALUE.")
    assert jobs_of(here, path) == []


def test_a_build_with_what_is_kept(go: Open, here: Context) -> None:
    page = go("/projects")
    path = make_project(page, "build")
    put(page, top__v=b"module top; endmodule\n")
    expect(paths(page)).to_have_text(["top.v"])
    page.get_by_text("What all builds begin with").click()
    kept = page.get_by_label("Kept with the project")
    kept.fill("flow=Offline\npreset=grand\n")
    page.get_by_role("button", name="Keep").click()
    expect(kept).to_have_accessible_description(re.compile("preset: 'grand'"))
    kept.fill("flow=Offline\nCLOCK_PERIOD=12.5\n")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Kept.", exact=True)).to_be_visible()
    page.reload()
    build = form(page, "Build")
    flow = build.get_by_label("Flow")
    expect(flow.locator("option").first).to_have_text("as the project keeps: Offline")
    expect(flow.locator("option", has_text="Classic")).to_be_disabled()
    page.get_by_text("Why 1 flow cannot be chosen").click()
    words = "The flow Classic needs openroad, which no worker has."
    expect(page.locator("#flow-refused li")).to_have_text(words)
    build.get_by_label("PDK").select_option("sky130A abcdef")
    build.get_by_label("Preset").select_option("minimal")
    build.get_by_label("Variables").fill("DESIGN_NAME=top")
    build.get_by_text("More").click()
    build.get_by_label("Up to").select_option("Synthesis")
    build.get_by_label("seconds").fill("600")
    build.get_by_role("button", name="Build").click()
    expect(page.locator("#status")).to_have_text("pending")
    [job] = jobs_of(here, path)
    assert (job.config["flow"], job.config["pdk"], job.config["preset"]) == (
        "Offline",
        "sky130A",
        "minimal",
    )
    assert (job.config["to"], job.max_seconds) == ("Yosys.Synthesis", 600)
    assert job.config["variables"]["CLOCK_PERIOD"] == 12.5
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#status")).to_have_text("cancelled")


def test_what_is_usual_and_looking_variables_up(go: Open, here: Context) -> None:
    page = go("/projects")
    path = make_project(page, "usual")
    build = form(page, "Build")
    for label, usual in (("Flow", "Offline"), ("PDK", "sky130A")):
        words = f"{usual}, or the config file's"
        expect(build.get_by_label(label).locator("option").first).to_have_text(words)
    build.get_by_text("More").click()
    build.get_by_label("Up to").select_option("Synthesis")
    build.get_by_label("Preset").select_option("minimal")
    expect(build.get_by_label("Up to")).to_have_value("Yosys.Synthesis")

    build.get_by_text("Look variables up").click()
    search = build.get_by_label("words of the description")
    search.fill("core_util")
    found = build.locator("#lookup-found li")
    expect(found).to_contain_text(["FP_CORE_UTIL"])
    expect(found).to_contain_text(["usually 40"])  # as in this flow
    variables = build.get_by_label("Variables")
    variables.fill("DESIGN_NAME=top\n")
    build.get_by_role("button", name="Set FP_CORE_UTIL").click()
    expect(variables).to_have_value("DESIGN_NAME=top\nFP_CORE_UTIL=")
    expect(variables).to_be_focused()
    search.fill("nothing of this kind")
    search.press("Enter")
    expect(page.locator("#lookup-count")).to_have_text("No variable is called so.")
    assert jobs_of(here, path) == []
    expect(build.get_by_role("alert")).to_be_hidden()


def test_what_others_may_do(go: Open) -> None:
    page = go("/projects")
    path = make_project(page, HOSTILE, public=True)
    put(page, top__v=b"module top; endmodule\n")
    expect(paths(page)).to_have_text(["top.v"])
    page = go("/projects")
    make_project(page, "secret")
    page = go("/projects", "eve")
    expect(page.get_by_text("secret")).to_have_count(0)
    page.get_by_role("link", name=HOSTILE).click()
    expect(page.get_by_text("only ada can change it")).to_be_visible()
    expect(paths(page)).to_have_text(["top.v"])
    expect(page.locator("main form, main input, main button:visible")).to_have_count(0)
    assert page.evaluate("window.hit") is None

    page = go(path)
    page.get_by_text("Name, visibility, deletion").click()
    page.get_by_label("Name", exact=True).fill("secret")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#change").get_by_role("alert")).to_contain_text("named 'secret' already")
    page.get_by_role("button", name="Delete the project").click()
    page.wait_for_url("**/projects")
    expect(page.get_by_role("link", name=HOSTILE)).to_have_count(0)


def test_a_job_waits_for_files_that_are_being_put(here: Context, go: Open) -> None:
    page = go("/projects")
    path = make_project(page, "quick")
    while_putting(page, go_on=True)
    put(page, tb__v=b"module tb; endmodule\n")
    page.wait_for_url(re.compile(r"/jobs/\d+$"))
    assert len(jobs_of(here, path)) == 1


def test_no_job_begins_without_the_files_that_could_not_be_put(here: Context, go: Open) -> None:
    page = go("/projects")
    path = make_project(page, "broken off")
    while_putting(page, go_on=False)
    put(page, tb__v=b"module tb; endmodule\n")
    expect(form(page, "Simulate")).to_contain_text("The files could not be put here; see above.")
    expect(page.locator("#put-trouble")).to_contain_text("The connection broke off.")
    assert jobs_of(here, path) == []


def test_what_is_chosen_while_files_are_put_is_put_after_them(go: Open) -> None:
    page = go("/projects")
    make_project(page, "again and again")
    more: list[dict[str, bytes]] = [{"sec$ond__v": b"x"}, {"third__v": b"x"}]

    def meet(route: Route) -> None:
        while route.request.method == "POST" and more:
            put(page, **more.pop(0))
        route.continue_()

    page.route("**/api/v1/projects/*/files", meet)
    put(page, first__v=b"x")
    expect(paths(page)).to_have_text(["first.v", "third.v"])
    trouble = "'sec$ond.v' holds a dollar sign, which tools do not take; rename the file."
    expect(page.locator("#put-trouble")).to_have_text(trouble)
    expect(page.locator("#put-done")).to_have_text("1 file was put here. 1 file was put here.")
    expect(page.locator("#sending")).to_be_hidden()


def hold(page: Page, url: str, method: str = "GET") -> list[Route]:
    """Hold back the next request of the kind, and return where it will be."""
    held: list[Route] = []

    def meet(route: Route) -> None:
        held.append(route) if not held and route.request.method == method else route.fallback()

    page.route(url, meet)
    return held


def test_forms_wait_for_the_page_scripts(go: Open) -> None:
    """Else the browser would send them to the page itself."""
    page = go("/projects")
    held = hold(page, "**/static/form.js")
    with page.expect_request("**/static/form.js"):
        page.goto("/projects", wait_until="commit")
    make = page.get_by_role("button", name="Make it")
    expect(make).to_be_disabled()
    held[0].continue_()
    expect(make).to_be_enabled()


def test_answers_that_come_late_take_nothing_away(go: Open) -> None:
    page = go("/projects")
    make_project(page, "late answers")
    files, config = hold(page, "**/files"), hold(page, "**/build/config")
    page.reload()
    put(page, new__v=b"x")
    expect(paths(page)).to_have_text(["new.v"])
    with page.expect_response("**/files"):
        files[0].fulfill(json=[])  # as it was before
    page.get_by_text("What all builds begin with").click()
    kept = page.get_by_label("Kept with the project")
    expect(kept).to_be_disabled()
    expect(page.get_by_role("button", name="Keep")).to_be_disabled()
    config[0].continue_()
    kept.fill("CLOCK_PERIOD=9")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#kept-count")).to_have_text("1 value")
    expect(paths(page)).to_have_text(["new.v"])


def while_putting(page: Page, *, go_on: bool) -> None:
    """Start a simulation when files are on their way; then let them come, or break it off."""
    button = form(page, "Simulate").get_by_role("button", name="Simulate")

    def meet(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        button.click()
        expect(button).to_be_disabled()
        route.continue_() if go_on else route.abort()

    page.route("**/api/v1/projects/*/files", meet)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read(go: Open, scheme: str) -> None:
    page = go("/projects")
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    make_project(page, f"{scheme} {'x' * 60}", public=True)
    put(page, **{f"{'long_name_' * 15}__v": b"module top; endmodule\n"})
    form(page, "Simulate").get_by_label("Top module").fill("no name")
    form(page, "Simulate").get_by_role("button", name="Simulate").click()
    expect(page.locator(".refused")).to_be_visible()
    for details in page.locator("details:visible").all():
        details.evaluate("one => { one.open = true; }")
    for shown in (page, go("/projects")):
        shown.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        expect(shown.get_by_role("heading", level=1)).to_be_visible()
        assert shown.evaluate(CONTRASTS) == {}
        shown.set_viewport_size({"width": 360, "height": 700})
        assert shown.evaluate("document.documentElement.scrollWidth") <= 360
