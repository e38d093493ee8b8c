"""The job page and the report in a real browser: what they show, while a build runs and after."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import select

from app.api.deps import SESSION_COOKIE
from app.core.clock import utcnow
from app.jobs.context import Context
from app.jobs.logs import segment_key
from app.models import Job, JobStatus, Step, User
from tests.api.conftest import make_login
from tests.jobs.builds import Outcome, begin_build, end_build, rename_project
from tests.jobs.factories import job_of
from tests.system.server import served

pytestmark = [
    pytest.mark.system,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]

HOSTILE = "</title><img src=x onerror='window.hit=1'><script>window.hit=1</script>{{7*7}}"
#: 1 x 1 pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02"
    "0000000b4944415478da6364f80f00010501012718e3660000000049454e44ae426082"
)
DONE: list[dict[str, Any]] = [
    {
        "step": "Yosys.Synthesis",
        "name": "Synthesis",
        "status": "completed",
        "seconds": 61.0,
        "peak_memory_bytes": 66 << 20,
        "warning_count": 30,
        "notes": {"warnings": ["a wire is not driven"], "errors": []},
        "metric_changes": {"cells": [None, 12], "slack": [1.5, "Infinity"]},
    },
    {"step": "OpenROAD.CTS", "name": "Clock Tree", "status": "completed", "seconds": 4.0},
]
RUNNING: list[dict[str, Any]] = [
    *DONE[:1],
    {**DONE[1], "status": "running", "seconds": None},
    {"step": "KLayout.DRC", "name": "DRC", "status": "pending"},
]
#: Where Ada is.
ZONE = "Asia/Kolkata"
#: As if the page had just come to the front: its lists are asked for at once.
LOOK_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"
METRICS = {
    "design__instance__count__stdcell": "1234",
    "timing__setup__ws": "-0.25",
    "timing__setup__ws__corner:slow": "-0.25",
    "timing__hold__ws__corner:slow": "inf",
    "klayout__drc_error__count": "0",
}
VIOLATION = {"kind": "setup", "count": 3, "text": "3 setup violations"}
FAILURE = {
    "step": "OpenROAD.CTS",
    "name": "Clock Tree",
    "message": "[CTS-0041] no clock",
    "hint": "Set CLOCK_PORT.",
}
VIOLATED = Outcome(
    verdict="violations",
    details={"violations": [VIOLATION], "failure": None, "pdk": {"name": "sky130A"}},
    metrics=METRICS,
    artifacts={"final/render/top.png": PNG, "final/gds/top.gds": b"gds", "1-x/a.rpt": b"rpt"},
)
Open = Callable[[str], Page]


@pytest.fixture
def go(context: Context, browser: Browser) -> Iterator[Open]:
    """Open a page as Ada; errors in the console and of scripts are the test's."""
    token, troubles = make_login(context.database, "ada"), list[str]()
    zone = browser.new_context(timezone_id=ZONE)
    with served(context.settings) as address, zone as visit:
        visit.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": address}])

        def open_page(path: str) -> Page:
            page = visit.new_page()
            page.on("pageerror", lambda error: troubles.append(str(error)))
            page.goto(address + path)
            return page

        yield open_page
    assert troubles == []


@pytest.fixture
def ada(go: Open, context: Context) -> User:
    with context.database.reading() as session:
        return session.scalars(select(User).where(User.username == "ada")).one()


def step(page: Page, name: str) -> Any:
    return page.locator("#steps > li").filter(has=page.get_by_text(name, exact=True))


def test_a_running_build(go: Open, ada: User, context: Context) -> None:
    mine = begin_build(context, ada, RUNNING)
    page = go(f"/jobs/{mine.job_id}")
    expect(page.locator("#steps-count")).to_have_text("step 2 of 3")
    expect(page.locator("#steps-progress")).to_have_js_property("value", 1)
    expect(page.locator("#steps > li.pending .name")).to_have_text("DRC")
    expect(page.get_by_role("img", name="to come")).to_have_count(1)
    expect(step(page, "Synthesis")).to_contain_text("30 warnings")
    expect(step(page, "Synthesis")).to_contain_text("66 MiB")
    expect(step(page, "Synthesis")).to_contain_text("1 min 1 s")
    for hidden in ("#outcome", "#report", "#retry", "#steps-left:not(:empty)"):
        expect(page.locator(hidden)).not_to_be_visible()

    with context.database.writing() as session:
        for row in session.scalars(select(Step).where(Step.status == "running")):
            row.status, row.seconds = "completed", 5.0
        for row in session.scalars(select(Step).where(Step.status == "pending")):
            row.status, row.started_at = "running", utcnow()
        session.get_one(Job, mine.job_id).current_step = "DRC"
    expect(page.locator("#steps-count")).to_have_text("step 3 of 3")
    end_build(context, mine, VIOLATED)
    expect(page.locator("#outcome")).to_contain_text("3 setup violations")


def test_how_long_it_will_still_take(go: Open, ada: User, context: Context) -> None:
    ended = end_build(context, begin_build(context, ada, DONE), Outcome())
    mine = begin_build(context, ada, [*DONE[:1], {**DONE[1], "status": "pending"}])
    with context.database.writing() as session:
        project = session.get_one(Job, ended).project_id
        session.get_one(Job, mine.job_id).project_id = project
    page = go(f"/jobs/{mine.job_id}")
    expect(page.locator("#steps-left")).to_have_text("about 4 s left")


def test_violations(go: Open, ada: User, context: Context) -> None:
    page = go(f"/jobs/{end_build(context, begin_build(context, ada, DONE), VIOLATED)}")
    expect(page.locator("#outcome-title")).to_contain_text("Finished, with violations")
    expect(page.locator("#outcome li")).to_have_text("3 setup violations")
    expect(page.locator("#headline-metrics dd.bad")).to_have_text("✗ -0.25 ns")
    expect(page.locator("#headline-metrics dd.good")).to_have_text(["✓ ∞ ns", "✓ 0"])
    slow = page.locator("#timing tr").filter(has_text="slow")
    expect(slow.locator("td").nth(1)).to_have_text("✗ -0.25")
    expect(slow.locator("td").nth(2)).to_have_text("∞")
    expect(page.locator("#picture")).to_be_visible()
    kinds = page.locator("#artifacts details.kind")
    expect(kinds.locator("> summary b")).to_have_text(["GDSII", "Picture", "Report"])
    expect(page.get_by_role("link", name="final/gds/top.gds")).to_be_visible()


def test_searching_metrics(go: Open, ada: User, context: Context) -> None:
    page = go(f"/jobs/{end_build(context, begin_build(context, ada, DONE), VIOLATED)}")
    rows = page.locator("#metrics tbody tr:visible")
    expect(page.locator("#metrics summary")).not_to_have_count(0)
    expect(rows).to_have_count(0)
    search = page.get_by_label("Search")
    search.fill("SLOW slack")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("timing__setup__ws__corner:slow")
    search.fill("nothing is called so")
    expect(rows).to_have_count(0)
    expect(page.locator("#metrics-none")).to_have_text("No metric is called so.")


def test_what_is_tolerated_is_told_once(go: Open, ada: User, context: Context) -> None:
    words = "4 slew violations in corner slow"
    slew = {"kind": "slew", "count": 4, "text": words}
    details = {"violations": [VIOLATION], "tolerated": [slew]}
    jobs = [
        end_build(context, begin_build(context, ada, DONE), outcome)
        for outcome in (
            Outcome(JobStatus.COMPLETED, "violations", "Finished with violations: 3.", details),
            Outcome(
                message=f"Finished without violations. Tolerated: {words}.",
                details={"tolerated": [slew]},
            ),
        )
    ]
    for job, title in zip(jobs, ("violations", "Clean"), strict=True):
        page = go(f"/jobs/{job}")
        expect(page.locator("#outcome-title")).to_contain_text(title)
        for shown in (page.locator("#outcome"), go(f"/api/v1/jobs/{job}/report.html")):
            expect(shown.get_by_text(words)).to_have_count(1)
            expect(shown.get_by_text("Tolerated")).to_have_count(1)


def test_a_failure(go: Open, ada: User, context: Context) -> None:
    steps = [DONE[0], {**DONE[1], "status": "failed"}]
    outcome = Outcome(
        JobStatus.FAILED,
        "failed",
        "Clock Tree failed.",
        {"failure": FAILURE},
        artifacts={"2/cts.log": b"no clock", "1/synthesis.log": b"done"},
    )
    page = go(f"/jobs/{end_build(context, begin_build(context, ada, steps), outcome)}")
    expect(page.locator("#outcome-title")).to_contain_text("Failed in Clock Tree")
    expect(page.locator("#outcome pre")).to_have_text("[CTS-0041] no clock")
    expect(page.locator("#outcome")).to_contain_text("What to do: Set CLOCK_PORT.")
    failed = step(page, "Clock Tree")
    expect(failed.get_by_role("img", name="failed")).to_be_visible()
    page.get_by_role("link", name="Step 2: its files and logs").click()
    expect(failed.get_by_role("link", name="cts.log")).to_be_visible()


def test_violations_lead_to_the_steps_that_found_them(
    go: Open, ada: User, context: Context
) -> None:
    steps = [DONE[0], {**DONE[1], "status": "failed", "error_count": 3}]
    page = go(f"/jobs/{end_build(context, begin_build(context, ada, steps), VIOLATED)}")
    expect(page.locator("#steps-count")).to_have_text("2 steps, 1 min 5 s, 1 failed")
    page.locator("#outcome").get_by_role("link", name="Clock Tree").click()
    expect(step(page, "Clock Tree").get_by_text("Files and logs")).to_be_visible()


def test_all_of_a_step_by_keyboard(go: Open, ada: User, context: Context) -> None:
    page = go(f"/jobs/{end_build(context, begin_build(context, ada, DONE), VIOLATED)}")
    synthesis = step(page, "Synthesis")
    synthesis.locator("summary.step").focus()
    page.keyboard.press("Enter")
    expect(synthesis).to_contain_text("Warnings (the first 1 of 30)")
    expect(synthesis.locator(".notes li")).to_have_text("a wire is not driven")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(synthesis.locator("tbody tr").first).to_have_text("cells\u201312")
    expect(synthesis.locator("tbody tr").nth(1)).to_have_text("slack1.5∞")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    links = synthesis.get_by_role("link")
    expect(links).to_have_text(["step.log", "out/view.def"])
    with page.expect_download() as download:
        links.first.click()
    assert download.value.path().read_text() == "log of Yosys.Synthesis\n"


def test_an_open_step_stays_open_while_others_change(go: Open, ada: User, context: Context) -> None:
    mine = begin_build(context, ada, RUNNING)
    page = go(f"/jobs/{mine.job_id}")
    step(page, "Synthesis").locator("summary.step").click()
    expect(page.locator(".notes li")).to_be_visible()
    end_build(context, mine, VIOLATED)
    expect(page.locator("#outcome")).to_be_visible()
    expect(page.locator(".notes li")).to_be_visible()


def test_the_list_of_jobs_keeps_up_to_date(go: Open, ada: User, context: Context) -> None:
    mine = begin_build(context, ada, RUNNING)
    page = go("/?type=build")
    expect(page.locator(".badge")).to_have_text("running")
    job = page.get_by_role("link", name=str(mine.job_id), exact=True)
    job.focus()
    end_build(context, mine, VIOLATED)
    page.evaluate(LOOK_AGAIN)
    expect(page.locator(".badge")).to_have_text(["completed", "violations"])
    expect(job).to_be_focused()
    expect(page.get_by_label("Type")).to_have_value("build")


#: Notes whether a time in UTC has ever been drawn.
LOOK_FOR_UTC = """(function look() {
  for (const one of document.getElementsByTagName("time")) window.utc ||= /UTC/.test(one.textContent);
  requestAnimationFrame(look);
})();"""


def test_times_are_those_of_the_reader_s_zone(go: Open, ada: User, context: Context) -> None:
    jobs = [begin_build(context, ada, RUNNING).job_id]
    page = go("/")
    page.add_init_script(LOOK_FOR_UTC)
    page.reload()
    shown = page.locator("#jobs time")
    for _ in range(2):
        made = [job_of(context.database, job).created_at for job in reversed(jobs)]
        page.evaluate(LOOK_AGAIN)
        expect(shown).to_have_text(
            [f"{one.astimezone(ZoneInfo(ZONE)):%Y-%m-%d %H:%M}" for one in made]
        )
        expect(shown.first).to_have_attribute("title", f"{made[0]:%Y-%m-%d %H:%M} UTC")
        assert page.evaluate("window.utc") is False
        jobs.append(begin_build(context, ada, RUNNING).job_id)


def test_how_it_was_run(go: Open, ada: User, context: Context) -> None:
    page = go(f"/jobs/{end_build(context, begin_build(context, ada, DONE), VIOLATED)}")
    expect(page.get_by_text("Submitted by ada")).to_be_visible()
    run = page.locator("#run")
    for name, value in (("Flow", "Offline"), ("PDK", "sky130A"), ("Variables", "DESIGN_NAME=top")):
        expect(run.locator(f"dt:text-is('{name}') + dd")).to_have_text(value)
    expect(run.locator("dt:text-is('Started') + dd time")).to_have_attribute(
        "title", re.compile("UTC$")
    )
    expect(run.locator("dt:text-is('Preset')")).to_have_count(0)


def test_a_list_that_cannot_be_kept_up_says_so(go: Open, ada: User, context: Context) -> None:
    page = go("/")
    page.route("**/", lambda route: route.fulfill(status=503))
    page.evaluate(LOOK_AGAIN)
    expect(page.get_by_role("status")).to_contain_text("may be out of date")
    page.unroute("**/")
    page.evaluate(LOOK_AGAIN)
    expect(page.get_by_role("status")).to_be_empty()


def test_it_is_followed_again_when_a_proxy_answered(go: Open, ada: User, context: Context) -> None:
    mine = begin_build(context, ada, RUNNING)
    page = go(f"/jobs/{mine.job_id}")
    page.route("**/log/follow*", lambda route: route.fulfill(status=502))
    page.route(f"**/api/v1/jobs/{mine.job_id}", lambda route: route.fulfill(status=502))
    page.reload()
    expect(page.locator("#trouble")).to_have_text("The server answered with 502. Try again.")
    page.unroute_all()
    expect(page.locator("#trouble")).to_be_hidden()
    expect(page).to_have_title(re.compile("^running: Job"))
    end_build(context, mine, VIOLATED)
    expect(page.locator("#outcome")).to_be_visible()
    expect(page).to_have_title(re.compile("^violations: Job"))


def test_a_look_that_was_asked_for_while_another_fails_is_had(
    go: Open, ada: User, context: Context
) -> None:
    job, held = end_build(context, begin_build(context, ada, DONE), VIOLATED), list[Route]()
    context.store.put(segment_key(job, 1, 0), b"all is said")
    page = go("/")
    page.route(
        f"**/api/v1/jobs/{job}",
        lambda route: route.continue_() if held else held.append(route),
    )
    page.goto(f"{page.url}jobs/{job}")
    expect(page.locator("#log")).to_have_text("all is said")  # then an end, which asks for a look
    held[0].abort()
    expect(page.locator("#outcome")).to_be_visible()
    expect(page.locator("#trouble")).to_be_hidden()


def test_what_is_pressed_stays_until_it_is_let_go_of(go: Open, ada: User, context: Context) -> None:
    mine = begin_build(context, ada, RUNNING)
    page = go("/")
    page.get_by_role("link", name=str(mine.job_id), exact=True).hover()
    page.mouse.down()
    end_build(context, mine, VIOLATED)
    with page.expect_response("**/"):
        page.evaluate(LOOK_AGAIN)
    page.mouse.up()
    page.wait_for_url(f"**/jobs/{mine.job_id}")


def test_running_from_a_step(go: Open, ada: User, context: Context) -> None:
    job = end_build(context, begin_build(context, ada, DONE), VIOLATED)
    page = go(f"/jobs/{job}")
    clock_tree = step(page, "Clock Tree")
    clock_tree.locator("summary.step").click()
    clock_tree.get_by_role("button", name="Run from here").click()
    dialog = page.get_by_role("dialog", name="Run from Clock Tree")
    dialog.get_by_label("Other variables").fill("CLOCK_PERIOD")
    dialog.get_by_role("button", name="Run", exact=True).click()
    expect(dialog.get_by_role("alert")).to_have_text("CLOCK_PERIOD: write KEY=VALUE.")
    dialog.get_by_label("Other variables").fill("CLOCK_PERIOD = 12.5\nSYNTH_STRATEGY=AREA 0\n")
    dialog.get_by_label("Up to").select_option("Clock Tree")
    dialog.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url(re.compile(rf"/jobs/(?!{job}$)\d+$"))
    expect(page.get_by_role("link", name=f"job {job}")).to_be_visible()
    with context.database.reading() as session:
        made = session.scalars(select(Job).where(Job.continues == job)).one()
    assert (made.config["from"], made.config["to"]) == ("OpenROAD.CTS", "OpenROAD.CTS")
    assert made.config["variables"]["CLOCK_PERIOD"] == 12.5
    assert made.config["variables"]["SYNTH_STRATEGY"] == "AREA 0"


def test_what_is_hostile_is_text(go: Open, ada: User, context: Context) -> None:
    notes = {"warnings": [HOSTILE], "errors": [HOSTILE]}
    steps = [
        {
            "step": HOSTILE,
            "status": "failed",
            "notes": notes,
            "error_count": 1,
            "metric_changes": {HOSTILE: [HOSTILE, HOSTILE]},
        }
    ]
    failure = {"step": HOSTILE, "name": HOSTILE, "message": HOSTILE, "hint": HOSTILE}
    outcome = Outcome(
        JobStatus.FAILED,
        "failed",
        HOSTILE,
        {"failure": failure, "pdk": {HOSTILE: HOSTILE}, "versions": {HOSTILE: HOSTILE}},
        {HOSTILE: HOSTILE, f"timing__setup__ws__corner:{HOSTILE}": "1.5"},
        {f"{HOSTILE}.png": PNG, HOSTILE: b"x"},
    )
    job = end_build(context, begin_build(context, ada, steps), outcome)
    rename_project(context, job, HOSTILE)
    page = go(f"/jobs/{job}")
    page.locator("summary.step").click()
    page.get_by_text("1 metric changed").click()
    expect(page.locator("#outcome")).to_contain_text("<script>window.hit=1</script>{{7*7}}")
    report = go(f"/api/v1/jobs/{job}/report.html")
    expect(report.locator("h1")).to_have_text(HOSTILE)
    for shown in (page, report):
        assert shown.evaluate("window.hit") is None
        assert shown.locator("img[src='x']").count() == 0


def test_the_report(go: Open, ada: User, context: Context) -> None:
    job = end_build(context, begin_build(context, ada, DONE), VIOLATED)
    page = go(f"/jobs/{job}")
    page.get_by_role("link", name="Report").click()
    expect(page.locator(".outcome")).to_contain_text("3 setup violations")
    expect(page.get_by_role("img", name="Where the time went")).to_be_visible()
    expect(page.locator("img")).to_have_js_property("naturalWidth", 1)
    slow = page.locator("tr").filter(has_text="slow").first
    expect(slow.locator("td.bad").first).to_have_text("✗ -0.25")
    assert page.evaluate("self.origin") == "null"  # not ours: it could do nothing in our name
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0
    expect(page.get_by_text("a wire is not driven")).to_be_visible()
    expect(page.get_by_text("sky130A")).to_be_visible()


def test_simulations_have_no_report_and_no_restart(go: Open, ada: User, context: Context) -> None:
    mine = begin_build(context, ada, DONE)
    with context.database.writing() as session:
        session.get_one(Job, mine.job_id).job_type = "simulation"
    page = go(f"/jobs/{end_build(context, mine, Outcome(verdict='passed'))}")
    expect(page.locator("#outcome-title")).to_contain_text("Passed")
    expect(page.locator("#report")).to_be_hidden()
    page.locator("summary.step").first.click()
    expect(page.get_by_text("Files and logs")).to_be_visible()
    expect(page.get_by_role("button", name="Run from here")).to_have_count(0)


def test_pinning_and_deleting(go: Open, ada: User, context: Context) -> None:
    job = end_build(context, begin_build(context, ada, DONE), VIOLATED)
    page = go(f"/jobs/{job}")
    page.get_by_role("button", name="Pin", exact=True).click()
    expect(page.locator("#kept")).to_have_text("Pinned: nothing of it is removed.")
    expect(page.locator("#delete")).to_be_disabled()
    page.get_by_role("button", name="Unpin").click()
    expect(page.locator("#kept")).to_be_hidden()
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.locator("#delete").click()
    expect(page.locator("#delete")).to_be_enabled()
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator("#delete").click()
    expect(page.locator("h1")).to_have_text("Jobs")
    expect(page.get_by_role("link", name=str(job), exact=True)).to_have_count(0)


def test_files_that_were_removed(go: Open, ada: User, context: Context) -> None:
    job = end_build(context, begin_build(context, ada, DONE), VIOLATED)
    with context.database.writing() as session:
        session.get_one(Job, job).files_removed_at = removed = utcnow()
    page = go(f"/jobs/{job}")
    words = f"The files of job {job} were removed on {removed:%Y-%m-%d} by the retention."
    expect(page.locator("#kept")).to_have_text(words)
    expect(page.locator("#outcome")).to_contain_text("3 setup violations")
    for hidden in ("#log-card", "#files", "#layout", "#trouble"):
        expect(page.locator(hidden)).to_be_hidden()


CONTRASTS = """() => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const lightness = (color) => parse(color).slice(0, 3).map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
  const ground = (one) => {
    for (; one; one = one.parentElement) {
      const color = getComputedStyle(one).backgroundColor;
      if ((parse(color)[3] ?? 1) > 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const found = {};
  for (const one of document.querySelectorAll("body *")) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !one.checkVisibility() || one.closest("svg")) continue;
    const [a, b] = [getComputedStyle(one).color, ground(one)].map(lightness).sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found[`${one.tagName}.${one.className}: ${one.textContent.slice(0, 30)}`] = ratio;
  }
  return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read(go: Open, ada: User, context: Context, scheme: Any) -> None:
    steps = [DONE[0], {**DONE[1], "status": "failed", "error_count": 2}]
    job = end_build(context, begin_build(context, ada, steps), VIOLATED)
    running = begin_build(context, ada, RUNNING).job_id
    for path in ("/", f"/jobs/{job}", f"/jobs/{running}", f"/api/v1/jobs/{job}/report.html"):
        page = go(path)
        page.emulate_media(color_scheme=scheme)
        expect(page.get_by_text("Submitted" if path == "/" else "Synthesis").first).to_be_visible()
        assert page.evaluate(CONTRASTS) == {}
        page.set_viewport_size({"width": 360, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
