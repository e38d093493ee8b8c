"""Who may log in, as an operator changes it."""

from collections.abc import Callable

import pytest

from app.accounts.managing import add_user, list_users, set_active, set_admin, set_password
from app.accounts.users import identify, log_in
from app.core.errors import A6hubError, ConflictError, InvalidError, NotFoundError
from app.db.engine import Database

GOOD, OTHER = "correct horse battery", "staple staple staple"
HERE = "192.0.2.1"


@pytest.fixture(autouse=True)
def _boss(database: Database) -> None:
    add_user(database, "boss", GOOD, admin=True)


def token(database: Database, username: str, password: str) -> str:
    return log_in(database, username, password, 60, HERE).token


def refused(database: Database, username: str, password: str) -> bool:
    try:
        token(database, username, password)
    except A6hubError:
        return True
    return False


def test_a_new_user_can_log_in_and_is_no_administrator(database: Database) -> None:
    add_user(database, "ada", GOOD, admin=False)
    assert not identify(database, token(database, "ada", GOOD), HERE).is_admin


def test_a_name_is_taken_once(database: Database) -> None:
    with pytest.raises(ConflictError, match="a user boss already"):
        add_user(database, "boss", OTHER, admin=False)
    assert identify(database, token(database, "boss", GOOD), HERE).is_admin


@pytest.mark.parametrize("name", ["", " ada", "ada ", "a\nb", "a\x00", "a" * 65])
def test_odd_names(database: Database, name: str) -> None:
    with pytest.raises(InvalidError, match="name: 1 to 64"):
        add_user(database, name, GOOD, admin=False)


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 1025])
def test_short_and_long_passwords(database: Database, password: str) -> None:
    changes: list[Callable[[], None]] = [
        lambda: add_user(database, "ada", password, admin=False),
        lambda: set_password(database, "boss", password),
    ]
    for change in changes:
        with pytest.raises(InvalidError, match="password: 12 to 1024"):
            change()


def test_a_new_password_ends_log_ins(database: Database) -> None:
    old = token(database, "boss", GOOD)
    set_password(database, "boss", OTHER)
    with pytest.raises(A6hubError):
        identify(database, old, HERE)
    assert refused(database, "boss", GOOD)
    assert token(database, "boss", OTHER)


def test_a_locked_user_is_out_at_once_and_has_no_old_log_in_when_unlocked(
    database: Database,
) -> None:
    add_user(database, "ada", GOOD, admin=False)
    old = token(database, "ada", GOOD)
    set_active(database, "ada", active=False)
    assert refused(database, "ada", GOOD)
    set_active(database, "ada", active=True)
    with pytest.raises(A6hubError):
        identify(database, old, HERE)
    assert token(database, "ada", GOOD)


def test_the_last_administrator_stays(database: Database) -> None:
    add_user(database, "ada", GOOD, admin=False)
    changes: list[Callable[[], None]] = [
        lambda: set_active(database, "boss", active=False),
        lambda: set_admin(database, "boss", admin=False),
    ]
    for change in changes:
        with pytest.raises(ConflictError, match="last administrator"):
            change()
    set_admin(database, "ada", admin=True)
    set_active(database, "boss", active=False)
    with database.reading() as session:
        found = [(user.username, user.is_admin, user.is_active) for user in list_users(session)]
    assert found == [("ada", True, True), ("boss", True, False)]


def test_nobody(database: Database) -> None:
    changes: list[Callable[[], None]] = [
        lambda: set_password(database, "eve", GOOD),
        lambda: set_active(database, "eve", active=False),
        lambda: set_admin(database, "eve", admin=True),
    ]
    for change in changes:
        with pytest.raises(NotFoundError, match="no user eve"):
            change()
