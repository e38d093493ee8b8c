"""Bodies of the log-in routes."""

from datetime import datetime

from app.schemas.base import View


class TokenView(View):
    """A fresh access token."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105 - the name of the scheme (RFC 6750)
    expires_at: datetime


class UserView(View):
    """Who is logged in."""

    id: int
    username: str
    is_admin: bool
