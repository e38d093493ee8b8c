"""What all pages share: their templates, and who looks at them."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.templating import Jinja2Templates

from app.accounts.users import identify
from app.api.deps import SESSION_COOKIE, WithContext, address_of
from app.core.clock import utcnow
from app.core.errors import UnauthenticatedError
from app.jobs.context import Context
from app.jobs.holds import maintenance
from app.models import Job, User
from app.web.report.words import seconds_in_words

HERE = Path(__file__).parent


def _maintenance(request: Request) -> dict[str, Any]:
    """Give every page what it has to say of maintenance."""
    context: Context = request.app.state.context
    with context.database.reading() as session:
        return {"maintenance": maintenance(session)}


def _took(job: Job) -> str:
    """Return in words for how long a job has run, or ran."""
    if job.started_at is None:
        return ""
    end = job.ended_at or utcnow()
    return seconds_in_words(max(0.0, (end - job.started_at).total_seconds()))


templates = Jinja2Templates(HERE / "templates", context_processors=[_maintenance])
templates.env.filters["took"] = _took


class LogInFirstError(Exception):
    """Nobody is logged in: show the log-in page instead."""


def _any_user(request: Request, context: WithContext) -> User | None:
    cookie = request.cookies.get(SESSION_COOKIE)
    try:
        return identify(context.database, cookie, address_of(request)) if cookie else None
    except UnauthenticatedError:
        return None


#: Who looks at a page that is everybody's; None for a stranger.
AnyUser = Annotated[User | None, Depends(_any_user)]


def _page_user(user: AnyUser) -> User:
    if user is None:
        raise LogInFirstError
    return user


PageUser = Annotated[User, Depends(_page_user)]
