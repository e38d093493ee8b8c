"""The pages: log in, your recent jobs, one job, the system."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates

from app.accounts.users import log_in, log_out, user_of_token
from app.api.deps import SESSION_COOKIE, Id, WithContext, is_same_origin
from app.api.v1.system import require_admin, system_view
from app.core.errors import ForbiddenError, UnauthenticatedError
from app.jobs.access import get_job
from app.jobs.context import Context
from app.jobs.queries import JobFilter, list_jobs
from app.models import Project, User

_HERE = Path(__file__).parent
_templates = Jinja2Templates(_HERE / "templates")
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


class LogInFirstError(Exception):
    """Nobody is logged in: show the log-in page instead."""


def add_pages(app: FastAPI) -> None:
    """Add the pages and their assets to `app`."""
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=_HERE / "static"), name="static")
    app.add_exception_handler(LogInFirstError, _to_log_in)


def _to_log_in(request: Request, _: Exception) -> Response:
    return RedirectResponse(f"/login?next={request.url.path}", 303)


def _page_user(request: Request, context: WithContext) -> User:
    try:
        with context.database.reading() as session:
            return user_of_token(session, request.cookies.get(SESSION_COOKIE, ""))
    except UnauthenticatedError as error:
        raise LogInFirstError from error


PageUser = Annotated[User, Depends(_page_user)]


@router.get("/login")
def login_page(request: Request) -> Response:
    """Ask for a user name and a password."""
    return _templates.TemplateResponse(request, "login.html", {"next": _next(request)})


@router.post("/login")
def login(
    request: Request,
    context: WithContext,
    username: Annotated[str, Form()],
    password: Annotated[str, Form()],
) -> Response:
    """Log in and go where the user wanted to go."""
    if not is_same_origin(request):
        raise ForbiddenError("Log in from this a6hub's own page.")
    lifetime = context.settings.access_token_seconds
    try:
        done = log_in(context.database, username, password, lifetime)
    except UnauthenticatedError as error:
        shown = {"next": _next(request), "error": error.detail, "username": username}
        return _templates.TemplateResponse(request, "login.html", shown, status_code=401)
    response = RedirectResponse(_next(request), 303)
    secure = request.url.scheme == "https"
    response.set_cookie(
        SESSION_COOKIE, done.token, lifetime, httponly=True, samesite="lax", secure=secure
    )
    return response


@router.post("/logout")
def logout(request: Request, context: WithContext) -> Response:
    """Log out."""
    if not is_same_origin(request):
        raise ForbiddenError("Log out from this a6hub's own page.")
    log_out(context.database, request.cookies.get(SESSION_COOKIE, ""))
    response = RedirectResponse("/login", 303)
    response.delete_cookie(SESSION_COOKIE)
    return response


@router.get("/")
def recent_jobs(request: Request, context: WithContext, user: PageUser) -> Response:
    """Show the jobs that were submitted last."""
    with context.database.reading() as session:
        jobs = list_jobs(session, user, JobFilter())
        names = {job.project_id: _project_name(context, job.project_id) for job in jobs}
    shown = {"user": user, "jobs": jobs, "projects": names}
    return _templates.TemplateResponse(request, "jobs.html", shown)


@router.get("/jobs/{job_id}")
def job_page(request: Request, context: WithContext, user: PageUser, job_id: Id) -> Response:
    """Show one job; the page fills and follows itself over the API."""
    with context.database.reading() as session:
        job = get_job(session, user, job_id)
    name = _project_name(context, job.project_id)
    return _templates.TemplateResponse(
        request, "job.html", {"user": user, "job": job, "project": name}
    )


@router.get("/system")
def system_page(request: Request, context: WithContext, user: PageUser) -> Response:
    """Show administrators how the installation stands."""
    require_admin(user)
    shown = {"user": user, "system": system_view(context)}
    return _templates.TemplateResponse(request, "system.html", shown)


def _project_name(context: Context, project_id: int) -> str:
    with context.database.reading() as session:
        return session.get_one(Project, project_id).name


def _next(request: Request) -> str:
    """Return the path to go to after the log-in, if it is one of ours."""
    path = request.query_params.get("next", "/")
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
