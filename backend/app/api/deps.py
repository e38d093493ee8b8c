"""What routes are given: the context and who is asking."""

from functools import lru_cache
from typing import Annotated

from fastapi import Depends, Path, Request
from fastapi.security import OAuth2PasswordBearer
from structlog.contextvars import bind_contextvars

from app.accounts.users import identify
from app.core import tracing
from app.core.errors import ForbiddenError, UnauthenticatedError
from app.core.logging import get_logger
from app.jobs.context import Context
from app.models import User

log = get_logger(__name__)

SESSION_COOKIE = "a6hub_session"
_bearer = OAuth2PasswordBearer(tokenUrl="/api/v1/auth/login", auto_error=False)
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def get_context(request: Request) -> Context:
    """Return what this process works with."""
    context: Context = request.app.state.context
    return context


def get_token(request: Request, bearer: Annotated[str | None, Depends(_bearer)]) -> str:
    """Return the access token from the header, or from the page's cookie.

    A browser sends the cookie with requests that other sites make it send; so with the cookie a
    request that changes something must come from our own pages.
    """
    if bearer:
        return bearer
    cookie = request.cookies.get(SESSION_COOKIE)
    if not cookie:
        raise UnauthenticatedError("Send an access token: Authorization: Bearer ...")
    if request.method not in _SAFE_METHODS and not is_same_origin(request):
        raise ForbiddenError("A request with a cookie must come from a page of this a6hub.")
    return cookie


def is_same_origin(request: Request) -> bool:
    """Return whether a browser says that the request was made by our own page."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin", "")
    return origin.partition("://")[2] == request.headers.get("host")


def address_of(request: Request) -> str:
    """Return where a request comes from.

    What a proxy says of that counts only if the server was told of the proxy
    (uvicorn's FORWARDED_ALLOW_IPS).
    """
    address = request.client.host if request.client else ""
    said = request.headers.get("x-forwarded-for")
    if said and address not in said:
        _tell_of_proxy(address)
    return address


@lru_cache(maxsize=16)
def _tell_of_proxy(address: str) -> None:
    """Say once that somebody forwards requests whom the server was not told of."""
    log.warning(
        "a proxy is not believed: all who come through it count as one address",
        peer=address,
        advice="If it is yours, set FORWARDED_ALLOW_IPS to its address (docs/deploy.md).",
    )


def find_user(
    context: Annotated[Context, Depends(get_context)],
    token: Annotated[str, Depends(get_token)],
    address: Annotated[str, Depends(address_of)],
) -> User:
    """Return whose token it is."""
    return identify(context.database, token, address)


async def get_user(user: Annotated[User, Depends(find_user)]) -> User:
    """Return who is asking; lines of the log have the id from here on.

    Not in a thread, as find_user() is: what is bound there is forgotten at its end.
    """
    bind_contextvars(user=user.id)
    tracing.note(user__id=user.id)
    return user


WithContext = Annotated[Context, Depends(get_context)]
WithUser = Annotated[User, Depends(get_user)]
WithAddress = Annotated[str, Depends(address_of)]
WithToken = Annotated[str, Depends(get_token)]
#: An id that a row can have. What is none is an unknown id: 404.
Id = Annotated[int, Path(ge=1, le=2**31 - 1)]
