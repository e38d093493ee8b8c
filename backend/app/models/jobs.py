"""Jobs. Only `app.jobs.states` writes `Job.status`."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, Text, text
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
        Index("ix_jobs_status_id", "status", "id"),
        Index("ix_jobs_status_lease_until", "status", "lease_until"),
        Index("ix_jobs_project_id_job_type_id", "project_id", "job_type", "id"),
        Index("ix_jobs_status_job_type_user_id", "status", "job_type", "user_id"),
        Index(  # of the pinned ones alone: they are few
            "ix_jobs_pinned",
            "pinned",
            sqlite_where=text("pinned = 1"),
            postgresql_where=text("pinned"),
        ),
        {"sqlite_autoincrement": True},  # no id twice, also of one that was deleted
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    revision_id: Mapped[int] = mapped_column(
        ForeignKey("revisions.id", ondelete="CASCADE"), index=True
    )
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
