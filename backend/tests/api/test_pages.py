"""The pages against other sites and against what users have written."""

import re

import pytest
from fastapi.testclient import TestClient
from markupsafe import escape
from sqlalchemy import update

from app.api.deps import SESSION_COOKIE
from app.jobs.context import Context
from app.models import Job, JobType, User
from tests.api.conftest import PASSWORD, MakeClient, make_login
from tests.api.problems import assert_problem
from tests.jobs.factories import make_job, make_project, make_user
from tests.projects.archives.building import zip_of

HOSTILE = "<script>window.hit=1</script>'\"{{7*7}}"
CROSS_SITE = [
    {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
    {"sec-fetch-site": "same-site", "origin": "http://testserver"},
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://testserver.evil.example"},
    {},
]


@pytest.fixture
def browser(anonymous: TestClient, project: int, context: Context) -> TestClient:
    """A browser in which Eve, an admin, is logged in; Ada has a project."""
    token = make_login(context.database, "eve")
    with context.database.writing() as session:
        session.execute(update(User).values(is_admin=True))
    return TestClient(anonymous.app, cookies={SESSION_COOKIE: token}, raise_server_exceptions=False)


@pytest.mark.parametrize("headers", CROSS_SITE)
def test_another_site_cannot_change_anything(browser: TestClient, headers: dict[str, str]) -> None:
    for method, path in (
        ("POST", "/api/v1/projects/1/import"),
        ("PUT", "/api/v1/projects/1/files/tb.v"),
        ("DELETE", "/api/v1/projects/1"),
        ("POST", "/api/v1/simulations/1/simulation"),
    ):
        answer = browser.request(method, path, content=zip_of({"a": b""}), headers=headers)
        assert "from a page of this a6hub" in assert_problem(answer, 403)["detail"]
    assert len(browser.get("/api/v1/projects/1/files").json()) == 1


def test_our_own_page_can(browser: TestClient) -> None:
    for headers in ({"sec-fetch-site": "same-origin"}, {"origin": "http://testserver"}):
        url = "/api/v1/projects/1/import"
        assert browser.post(url, content=zip_of({"a": b""}), headers=headers).status_code == 200


def test_another_site_cannot_log_anybody_in_or_out(browser: TestClient) -> None:
    form = {"username": "eve", "password": PASSWORD}
    for headers in CROSS_SITE:
        assert_problem(browser.post("/login", data=form, headers=headers), 403)
        assert_problem(browser.post("/logout", headers=headers), 403)
    assert browser.get("/api/v1/auth/me").status_code == 200


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "",
    ],
)
def test_the_log_in_leads_to_no_other_site(
    anonymous: TestClient, log_in: MakeClient, target: str
) -> None:
    log_in("ada")
    answer = anonymous.post(
        "/login",
        params={"next": target},
        data={"username": "ada", "password": PASSWORD},
        headers={"origin": "http://testserver"},
        follow_redirects=False,
    )
    location = answer.headers["location"]
    assert answer.status_code == 303
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\", "/\t", "/\n"))


def test_the_cookie_is_for_us_alone(anonymous: TestClient, log_in: MakeClient) -> None:
    log_in("ada")
    for scheme in ("http", "https"):
        answer = anonymous.post(
            f"{scheme}://testserver/login",
            data={"username": "ada", "password": PASSWORD},
            headers={"origin": f"{scheme}://testserver"},
            follow_redirects=False,
        )
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert ("secure" in cookie.split("; ")) is (scheme == "https")


def test_what_users_write_is_text_on_the_pages(browser: TestClient) -> None:
    page = {"sec-fetch-site": "same-origin"}
    changed = browser.patch("/api/v1/projects/1", json={"name": HOSTILE}, headers=page)
    assert changed.status_code == 200
    job = browser.post("/api/v1/simulations/1/simulation", headers=page).json()["id"]
    for path in ("/", f"/jobs/{job}", "/projects", "/projects/1"):
        shown = browser.get(path).text
        assert "&lt;script&gt;window.hit=1" in shown
        assert "<script>window" not in shown
        assert "{{7*7}}" in shown


def test_who_has_to_log_in_first_comes_to_what_was_asked_for(
    anonymous: TestClient, log_in: MakeClient
) -> None:
    log_in("ada")
    wanted = "/?status=failed&project=3"
    asked = anonymous.get(wanted, follow_redirects=False)
    form = anonymous.get(asked.headers["location"]).text
    target = re.findall(r'action="(/login.*?)"', form)[0]
    answer = anonymous.post(
        target,
        data={"username": "ada", "password": PASSWORD},
        headers={"origin": "http://testserver"},
        follow_redirects=False,
    )
    assert (answer.status_code, answer.headers["location"]) == (303, wanted)


def test_each_project_is_shown_with_its_newest_job(browser: TestClient, context: Context) -> None:
    jobs = [make_job(context.database), make_job(context.database)]
    shown = browser.get("/projects").text
    for job in jobs:
        assert f'href="/jobs/{job}"' in shown


def test_who_opens_what_is_not_there_is_told_in_words(browser: TestClient) -> None:
    for path in ("/jobs/7", "/api/v1/jobs/7/log", "/?status=odd", "/projects?q=%00"):
        shown = browser.get(path, headers={"accept": "text/html,*/*"})
        problem = browser.get(path)
        assert shown.status_code == problem.status_code
        assert shown.headers["content-type"] == "text/html; charset=utf-8"
        assert escape(problem.json()["detail"]) in shown.text
        assert shown.headers["x-request-id"] in shown.text


def test_projects_are_searched(browser: TestClient, context: Context) -> None:
    bob = make_user(context.database, "bob")
    for name in ("Fast adder", "fast_divider", "100 % full"):
        make_project(context.database, bob, name)
    for words, found in (
        ("FAST", {"Fast adder", "fast_divider"}),
        ("fast add", {"Fast adder"}),
        ("t_d", {"fast_divider"}),
        ("% bob", {"100 % full"}),
        ("bob", {"Fast adder", "fast_divider", "100 % full"}),
        ("nothing", set()),
    ):
        shown = browser.get("/projects", params={"q": words}).text
        assert set(re.findall(r'<a href="/projects/\d+">(.*?)</a>', shown)) == found
        assert f'value="{words}"' in shown


def test_jobs_are_asked_for(browser: TestClient, context: Context) -> None:
    jobs = [make_job(context.database) for _ in range(51)]
    jobs.append(make_job(context.database, job_type=JobType.BUILD))
    assert _jobs_in(browser, "/") == jobs[:1:-1]
    older = re.findall(r'<a href="(\?.*?)">Older', browser.get("/?type=&status=").text)
    assert _jobs_in(browser, f"/{older[0]}") == [jobs[1], jobs[0]]
    assert _jobs_in(browser, "/?type=build&status=pending") == [jobs[-1]]
    assert _jobs_in(browser, "/?status=failed") == []
    with context.database.reading() as session:
        project = session.get_one(Job, jobs[3]).project_id
    assert _jobs_in(browser, f"/?project={project}") == [jobs[3]]


def _jobs_in(browser: TestClient, path: str) -> list[int]:
    return [int(job) for job in re.findall(r'href="/jobs/(\d+)"', browser.get(path).text)]


def test_who_logs_in_wrongly_is_shown_as_text(anonymous: TestClient) -> None:
    answer = anonymous.post(
        "/login",
        params={"next": '/"><script>window.hit=1</script>'},
        data={"username": HOSTILE, "password": "x"},
        headers={"origin": "http://testserver"},
    )
    assert answer.status_code == 401
    assert "<script>window" not in answer.text


@pytest.mark.parametrize("path", ["/login", "/", "/api/v1/projects", "/static/log.js", "/nothing"])
def test_every_answer_forbids_what_no_page_of_ours_does(anonymous: TestClient, path: str) -> None:
    headers = anonymous.get(path, follow_redirects=False).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_static_files_are_those_of_the_pages_alone(anonymous: TestClient) -> None:
    for path in ("/static/../pages.py", "/static/%2e%2e/pages.py", "/static/..%2fpages.py"):
        assert anonymous.get(path).status_code == 404


def test_scripts_of_two_versions_are_never_mixed(anonymous: TestClient) -> None:
    first = anonymous.get("/static/job/page.js")
    assert first.headers["cache-control"] == "no-cache"
    again = anonymous.get("/static/job/page.js", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.headers["cache-control"]) == (304, "no-cache")


@pytest.mark.parametrize(
    "form", [{"username": "a\0da"}, {"username": "a" * 65}, {"password": "x" * 1025}]
)
def test_what_no_account_has_is_no_log_in(browser: TestClient, form: dict[str, str]) -> None:
    headers = {"sec-fetch-site": "same-origin"}
    sent = {"username": "ada", "password": "wrong", **form}
    assert_problem(browser.post("/login", data=sent, headers=headers), 422)
