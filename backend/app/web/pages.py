"""The pages: log in, your recent jobs, one job, the system, the API, and those of projects."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles

from app.accounts.users import log_in, log_out
from app.api.deps import SESSION_COOKIE, Id, WithContext, address_of, is_same_origin
from app.api.v1.system import require_admin, system_view
from app.core.errors import ForbiddenError, TooManyError, UnauthenticatedError
from app.jobs.access import get_job
from app.models import Project, User
from app.schemas.accounts import LoginForm
from app.web.frame import HERE, AnyUser, LogInFirstError, PageUser, templates
from app.web.job_lists import router as job_lists
from app.web.problem_pages import ProblemPages
from app.web.project_pages import router as projects

#: Swagger UI's files: the package and its folder in it.
_SWAGGER = ("fastapi_swagger", "resources")
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


class _Assets(StaticFiles):
    """Files that a browser asks for again each time whether they have changed.

    A page's scripts import each other: those of two versions would not fit together.
    """

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def add_pages(root: APIRouter) -> None:
    """Add the pages and their assets to `root`."""
    root.include_router(router)
    root.include_router(job_lists)
    root.include_router(projects)
    # Before /static, of which it is a part.
    root.mount("/static/swagger", _Assets(packages=[_SWAGGER]), name="swagger")
    root.mount("/static", _Assets(directory=HERE / "static"), name="static")


def add_handlers(app: FastAPI) -> None:
    """Have `app` show the log-in page to who must log in first, and errors as pages."""
    app.add_middleware(ProblemPages)
    app.add_exception_handler(LogInFirstError, _to_log_in)


def _to_log_in(request: Request, _: Exception) -> Response:
    url = request.url
    wanted = f"{url.path}?{url.query}" if url.query else url.path
    return RedirectResponse(f"/login?next={quote(wanted)}", 303)


@router.get("/login")
def login_page(request: Request) -> Response:
    """Ask for a user name and a password."""
    return templates.TemplateResponse(request, "login.html", {"next": _next(request)})


@router.post("/login")
def login(
    request: Request,
    context: WithContext,
    form: Annotated[LoginForm, Form()],
) -> Response:
    """Log in and go where the user wanted to go."""
    if not is_same_origin(request):
        raise ForbiddenError("Log in from this a6hub's own page.")
    lifetime = context.settings.access_token_seconds
    try:
        done = log_in(context.database, form.username, form.password, lifetime, address_of(request))
    except (UnauthenticatedError, TooManyError) as error:
        shown = {"next": _next(request), "error": error.detail, "username": form.username}
        later = {"Retry-After": str(error.retry_after)} if error.retry_after else None
        return templates.TemplateResponse(request, "login.html", shown, error.status, later)
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


@router.get("/jobs/{job_id}")
def job_page(request: Request, context: WithContext, user: PageUser, job_id: Id) -> Response:
    """Show one job; the page fills and follows itself over the API."""
    with context.database.reading() as session:
        job = get_job(session, user, job_id)
        name = session.get_one(Project, job.project_id).name
        by = session.get_one(User, job.user_id).username
    shown = {"user": user, "job": job, "project": name, "by": by}
    return templates.TemplateResponse(request, "job.html", shown)


@router.get("/docs")
def api_page(request: Request, user: AnyUser) -> Response:
    """Show the API's routes, to be read and tried."""
    return templates.TemplateResponse(request, "api.html", {"user": user})


@router.get("/system")
def system_page(request: Request, context: WithContext, user: PageUser) -> Response:
    """Show administrators how the installation stands."""
    require_admin(user)
    shown = {"user": user, "system": system_view(context)}
    return templates.TemplateResponse(request, "system.html", shown)


def _next(request: Request) -> str:
    """Return the path to go to after the log-in, if it is one of ours."""
    path = request.query_params.get("next", "/")
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
