"""Logging in and out."""

from typing import Annotated

from fastapi import APIRouter, Form

from app.accounts.users import log_in, log_out
from app.api.deps import WithAddress, WithContext, WithToken, WithUser
from app.api.document import TOO_MANY, UNAUTHENTICATED
from app.schemas.accounts import LoginForm, TokenView, UserView

router = APIRouter(prefix="/auth", tags=["accounts"])


@router.post("/login", responses={**UNAUTHENTICATED, **TOO_MANY})
def login(
    context: WithContext, address: WithAddress, form: Annotated[LoginForm, Form()]
) -> TokenView:
    """Exchange a user name and a password for an access token."""
    lifetime = context.settings.access_token_seconds
    done = log_in(context.database, form.username, form.password, lifetime, address)
    return TokenView(access_token=done.token, expires_at=done.expires_at)


@router.post("/logout", status_code=204)
def logout(context: WithContext, user: WithUser, token: WithToken) -> None:
    """End the log-in of the token that is sent."""
    log_out(context.database, token)


@router.get("/me")
def me(user: WithUser) -> UserView:
    """Return who is logged in."""
    return UserView.model_validate(user)
