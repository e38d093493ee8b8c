"""Passwords and access tokens.

Passwords are hashed with Argon2id (pwdlib's recommended parameters). An access token is 256 random
bits; the database keeps its SHA-256, so that a leaked database logs nobody in.
"""

import hashlib
import secrets

from pwdlib import PasswordHash

_hasher = PasswordHash.recommended()
#: Verified against when there is no such user, so that both answers take as long: the hash of
#: random bits. Written down, as making one takes 0.2 s at the start of a process.
NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$Pytxy+gXRJ1LiQ6UmSeHEg"
    "$VyLX9kxB8pSHuEJmwIeFAVB6Q3K5Vhu4Uf06KtxR+rE"
)


def hash_password(password: str) -> str:
    """Return a salted hash of `password`."""
    return _hasher.hash(password)


def verify_password(password: str, password_hash: str | None) -> bool:
    """Return whether `password` belongs to `password_hash`; None (no such user) never does."""
    matches = _hasher.verify(password, password_hash or NOBODY)
    return matches and password_hash is not None


def new_token() -> str:
    """Return a fresh access token."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    """Return what the database keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
