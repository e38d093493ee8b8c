"""People and what proves who they are."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import utcnow
from app.db.base import Base


class User(Base):
    """A person or a script that may log in."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str] = mapped_column(String(256))
    is_admin: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    #: When a job of theirs was begun last (see `app.jobs.turns`).
    turn_at: Mapped[datetime] = mapped_column(default=utcnow)


class AccessToken(Base):
    """A log-in that has not ended; `digest` is the SHA-256 of the token."""

    __tablename__ = "access_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[datetime]


class Failures(Base):
    """Log-ins that failed lately, of one account, address or pair (see `app.accounts.guard`)."""

    __tablename__ = "failures"

    #: A digest: what is typed as a user name may be a password.
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int]
    #: When they are forgotten.
    until: Mapped[datetime] = mapped_column(index=True)
