"""Passwords and their hashes."""

from app.core.security import NOBODY, hash_password, verify_password


def test_who_is_nobody_is_looked_for_as_long_as_who_is_somebody() -> None:
    """How long a check takes follows from the hash's parameters."""
    assert _parameters(NOBODY) == _parameters(hash_password("secret"))


def test_nobody_has_no_password() -> None:
    assert not verify_password("secret", None)


def _parameters(password_hash: str) -> list[str]:
    return password_hash.split("$")[1:-2]
