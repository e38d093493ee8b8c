"""Attempts at jobs, and their steps."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import utcnow
from app.db.base import Base


class Attempt(Base):
    """One worker's try at a job."""

    __tablename__ = "attempts"
    __table_args__ = (UniqueConstraint("job_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    number: Mapped[int]
    worker: Mapped[str] = mapped_column(String(255))
    started_at: Mapped[datetime] = mapped_column(default=utcnow, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    #: None while it runs, then 'completed', 'failed', 'cancelled', 'lost' or 'released'.
    outcome: Mapped[str | None] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(32))
    message: Mapped[str | None] = mapped_column(Text)
    #: Which tools do it, in words; None before they are known.
    tools: Mapped[str | None] = mapped_column(String(255))
    #: What it tells of itself at its end (`app.jobs.figures`); empty if it was lost.
    figures: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Step(Base):
    """One tool run inside an attempt, or one to come."""

    __tablename__ = "steps"
    __table_args__ = (UniqueConstraint("job_id", "attempt", "ordinal"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    attempt: Mapped[int]
    ordinal: Mapped[int]
    step: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255))
    status: Mapped[str] = mapped_column(String(16))
    started_at: Mapped[datetime | None]
    seconds: Mapped[float | None]
    cpu_seconds: Mapped[float | None]
    peak_memory_bytes: Mapped[int | None] = mapped_column(BigInteger)
    disk_bytes: Mapped[int | None] = mapped_column(BigInteger)
    exit_code: Mapped[int | None]
    #: Where its files are, below the job's folder.
    folder: Mapped[str | None] = mapped_column(String(255))
    warning_count: Mapped[int] = mapped_column(default=0)
    error_count: Mapped[int] = mapped_column(default=0)
    #: {"warnings": [text, ...], "errors": [text, ...]}: the first of each.
    notes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: {metric: [value before or null, value after]}, as JSON takes values.
    metric_changes: Mapped[dict[str, Any]] = mapped_column(default=dict)


class KeptStep(Base):
    """The folder of a finished step in the store, for whoever continues the job."""

    __tablename__ = "kept_steps"
    __table_args__ = (UniqueConstraint("job_id", "attempt", "folder"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    attempt: Mapped[int]
    step: Mapped[str] = mapped_column(String(255))
    #: Below the job's folder.
    folder: Mapped[str] = mapped_column(String(255))
    #: The tree of its files (see app.storage.trees).
    tree_digest: Mapped[str] = mapped_column(String(64))
