"""Jobs and all that hangs on them. Only `app.jobs.states` writes `Job.status`."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import utcnow
from app.db.base import Base


class JobStatus(enum.StrEnum):
    """Where a job stands."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing can change this status any more."""
        return self not in (JobStatus.PENDING, JobStatus.RUNNING)


class Priority(enum.IntEnum):
    """How a user ranks their own jobs; the smallest number goes first."""

    HIGH = 0
    NORMAL = 1
    LOW = 2


class Job(Base):
    """One request to run a toolchain on a revision with a config."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint(
            "status in ('pending', 'running', 'completed', 'failed', 'cancelled')", "status"
        ),
        Index("ix_jobs_status_lease_until", "status", "lease_until"),
        Index("ix_jobs_project_id_job_type_id", "project_id", "job_type", "id"),
        Index("ix_jobs_status_job_type_user_id", "status", "job_type", "user_id"),
        {"sqlite_autoincrement": True},  # no id twice, also of one that was deleted
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    job_type: Mapped[str] = mapped_column(String(16))
    toolchain: Mapped[str] = mapped_column(String(32))
    config: Mapped[dict[str, Any]]
    #: What it needs of a worker (see app.toolchains.needs); empty if that is not known.
    needs: Mapped[str] = mapped_column(String(500), default="", server_default="")
    max_seconds: Mapped[int]
    priority: Mapped[int] = mapped_column(SmallInteger, default=Priority.NORMAL)
    #: The job that this one does again.
    retry_of: Mapped[int | None] = mapped_column(
        ForeignKey("jobs.id", ondelete="SET NULL"), index=True
    )
    #: The job with whose finished steps this one begins.
    continues: Mapped[int | None] = mapped_column(
        ForeignKey("jobs.id", ondelete="SET NULL"), index=True
    )

    status: Mapped[str] = mapped_column(String(16), default=JobStatus.PENDING)
    #: The number of the newest attempt; 0 before the first.
    attempt: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None] = mapped_column(String(255))
    lease_until: Mapped[datetime | None]
    cancel_requested: Mapped[bool] = mapped_column(default=False)

    current_step: Mapped[str | None] = mapped_column(String(255))
    reason: Mapped[str | None] = mapped_column(String(32))
    message: Mapped[str | None] = mapped_column(Text)
    verdict: Mapped[str | None] = mapped_column(String(16))
    #: What else the toolchain found (see app.schemas.results); empty before the end.
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: The Celery task that works on it or did so last.
    celery_task_id: Mapped[str | None] = mapped_column(String(64))
    #: What its trace goes on from (`app.core.tracing`); None if its submission was not traced.
    traceparent: Mapped[str | None] = mapped_column(String(64))

    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    #: Whether a user keeps it from being removed (see `app.jobs.retention`).
    pinned: Mapped[bool] = mapped_column(default=False)
    #: Since when its log and its artifacts are not kept any more.
    files_removed_at: Mapped[datetime | None]


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


class Artifact(Base):
    """A file that an attempt produced, kept in the store under `key`."""

    __tablename__ = "artifacts"
    __table_args__ = (UniqueConstraint("job_id", "attempt", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    attempt: Mapped[int]
    name: Mapped[str] = mapped_column(String(1024))
    kind: Mapped[str] = mapped_column(String(32))
    size: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(1200))


class Metric(Base):
    """A named number of a finished job.

    `value` is Python's shortest text of it, because 'inf' and 'nan' are values that a flow reports
    and that neither SQLite's REAL nor JSON keeps.
    """

    __tablename__ = "metrics"
    __table_args__ = (UniqueConstraint("job_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))
    value: Mapped[str] = mapped_column(String(255))


class OutboxMessage(Base):
    """A pending job's place in its queue; gone once the job is claimed or cancelled.

    `published_at` is None while no message in the broker stands for it (see `app.jobs.outbox`).
    `epoch` names the broker's memory that the message was put into (see `app.jobs.broker`): a
    broker that has forgotten everything has another epoch, and the message is sent again.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_queue_needs_user_id_priority_job_id",
            *("queue", "needs", "user_id", "priority", "job_id"),
        ),
        Index("ix_outbox_queue_user_id_published_at", "queue", "user_id", "published_at"),
    )

    job_id: Mapped[int] = mapped_column(
        ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    queue: Mapped[str] = mapped_column(String(32))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    priority: Mapped[int] = mapped_column(SmallInteger)
    #: As of the job.
    needs: Mapped[str] = mapped_column(String(500), default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    published_at: Mapped[datetime | None]
    epoch: Mapped[str | None] = mapped_column(String(64))
