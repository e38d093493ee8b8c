"""Jobs that wait, and which messages have been sent for them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import utcnow
from app.db.base import Base


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
