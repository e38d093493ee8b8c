"""Users and their log-ins."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.accounts.guard import begin_try, count_bad_token, note_success
from app.core.clock import utcnow
from app.core.errors import UnauthenticatedError
from app.core.security import hash_password, new_token, token_digest, verify_password
from app.db.engine import Database
from app.models import AccessToken, User


@dataclass(frozen=True)
class Login:
    """A fresh access token and when it ends."""

    token: str
    expires_at: datetime


def ensure_admin(database: Database, username: str, password: str) -> None:
    """Make sure that the administrator `username` exists with this password."""
    with database.writing() as session:
        user = session.scalar(select(User).where(User.username == username))
        if user is None:
            user = User(username=username, password_hash=hash_password(password))
            session.add(user)
        elif not verify_password(password, user.password_hash):
            user.password_hash = hash_password(password)
        user.is_admin = True
        user.is_active = True


def log_in(
    database: Database, username: str, password: str, lifetime_seconds: float, address: str
) -> Login:
    """Check a password that came from `address` and return a token.

    UnauthenticatedError says not which part was wrong; TooManyError when too many have failed.
    """
    begin_try(database, username, address)
    with database.reading() as session:
        user = session.scalar(select(User).where(User.username == username, User.is_active))
    if not verify_password(password, user.password_hash if user else None) or user is None:
        raise UnauthenticatedError("The user name or the password is wrong.")
    login = Login(new_token(), utcnow() + timedelta(seconds=lifetime_seconds))
    with database.writing() as session:
        note_success(session, username, address)
        session.execute(delete(AccessToken).where(AccessToken.expires_at < utcnow()))
        session.add(
            AccessToken(
                user_id=user.id, digest=token_digest(login.token), expires_at=login.expires_at
            )
        )
    return login


def log_out(database: Database, token: str) -> None:
    """End the log-in of `token`."""
    with database.writing() as session:
        session.execute(delete(AccessToken).where(AccessToken.digest == token_digest(token)))


def identify(database: Database, token: str, address: str) -> User:
    """Return whose token came from `address`; errors as of log_in()."""
    try:
        with database.reading() as session:
            return user_of_token(session, token)
    except UnauthenticatedError:
        count_bad_token(database, address)
        raise


def user_of_token(session: Session, token: str) -> User:
    """Return whose token this is; UnauthenticatedError if nobody's, or no longer."""
    user = session.scalar(
        select(User)
        .join(AccessToken, AccessToken.user_id == User.id)
        .where(
            AccessToken.digest == token_digest(token),
            AccessToken.expires_at > utcnow(),
            User.is_active,
        )
    )
    if user is None:
        raise UnauthenticatedError("The access token is not valid or has ended; log in again.")
    return user
