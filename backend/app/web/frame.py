"""What all pages share: their templates, and who looks at them."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.templating import Jinja2Templates

from app.accounts.users import identify
from app.api.deps import SESSION_COOKIE, WithContext, address_of
from app.core.errors import UnauthenticatedError
from app.jobs.context import Context
from app.jobs.holds import maintenance
from app.models import User

HERE = Path(__file__).parent


def _maintenance(request: Request) -> dict[str, Any]:
    """Give every page what it has to say of maintenance."""
    context: Context = request.app.state.context
    with context.database.reading() as session:
        return {"maintenance": maintenance(session)}


templates = Jinja2Templates(HERE / "templates", context_processors=[_maintenance])


class LogInFirstError(Exception):
    """Nobody is logged in: show the log-in page instead."""


def _page_user(request: Request, context: WithContext) -> User:
    cookie = request.cookies.get(SESSION_COOKIE)
    if not cookie:
        raise LogInFirstError
    try:
        return identify(context.database, cookie, address_of(request))
    except UnauthenticatedError as error:
        raise LogInFirstError from error


PageUser = Annotated[User, Depends(_page_user)]
