"""Bodies of the log-in routes."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, StringConstraints

from app.schemas.base import PlainText, View, example


class LoginForm(BaseModel):
    """The form of the OAuth 2 password grant; its other fields mean nothing here."""

    model_config = example({"username": "ada", "password": "..."})

    username: Annotated[str, StringConstraints(max_length=64), PlainText]
    password: Annotated[str, StringConstraints(max_length=1024), PlainText]


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
