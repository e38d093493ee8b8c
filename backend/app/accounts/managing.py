"""What an operator does with accounts: make, list, lock, give a new password or more rights."""

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.core.security import hash_password
from app.db.engine import Database
from app.models import AccessToken, User

#: NIST SP 800-63B asks for 8 at least of a password that a person chooses.
SHORTEST_PASSWORD = 12
#: The columns and the log-in form hold no more.
LONGEST_NAME, LONGEST_PASSWORD = 64, 1024


def list_users(session: Session) -> list[User]:
    """Return all accounts, locked ones too, by name."""
    return [*session.scalars(select(User).order_by(User.username))]


def add_user(database: Database, username: str, password: str, *, admin: bool) -> None:
    """Make an account; InvalidError names what is wrong, ConflictError if the name is taken."""
    _check_name(username)
    _check_password(password)
    user = User(username=username, password_hash=hash_password(password), is_admin=admin)
    with database.writing() as session:
        if session.scalar(select(User.id).where(User.username == username)) is not None:
            raise ConflictError(f"There is a user {username} already.")
        session.add(user)


def set_password(database: Database, username: str, password: str) -> None:
    """Give an account a new password and end its log-ins; NotFoundError, InvalidError."""
    _check_password(password)
    with database.writing() as session:
        user = _get(session, username)
        user.password_hash = hash_password(password)
        _end_log_ins(session, user)


def set_active(database: Database, username: str, *, active: bool) -> None:
    """Lock an account, which ends its log-ins, or unlock it.

    Its jobs go on. NotFoundError; ConflictError for the last administrator.
    """
    with database.writing() as session:
        user = _get(session, username)
        user.is_active = active
        if not active:
            _end_log_ins(session, user)
            _keep_an_administrator(session)


def set_admin(database: Database, username: str, *, admin: bool) -> None:
    """Make an account an administrator's, or a plain one; errors as of set_active()."""
    with database.writing() as session:
        _get(session, username).is_admin = admin
        if not admin:
            _keep_an_administrator(session)


def _get(session: Session, username: str) -> User:
    user = session.scalar(select(User).where(User.username == username))
    if user is None:
        raise NotFoundError(f"There is no user {username}.")
    return user


def _end_log_ins(session: Session, user: User) -> None:
    session.execute(delete(AccessToken).where(AccessToken.user_id == user.id))


def _keep_an_administrator(session: Session) -> None:
    session.flush()
    if not session.scalar(select(func.count()).where(User.is_admin, User.is_active)):
        raise ConflictError("This is the last administrator; make another one first.")


def _check_name(username: str) -> None:
    good = username.isprintable() and username == username.strip()
    if not (good and 0 < len(username) <= LONGEST_NAME):
        message = f"1 to {LONGEST_NAME} printable characters, no space at either end"
        raise InvalidError.at("name", message)


def _check_password(password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        message = f"{SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters"
        raise InvalidError.at("password", message)
