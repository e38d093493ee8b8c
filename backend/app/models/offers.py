"""What workers can build with."""

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class WorkerOffer(Base):
    """A LibreLane that some worker has, told again and again; see `app.jobs.offers`.

    Workers that offer the same share a row, and it outlives them: jobs may wait for the next one.
    """

    __tablename__ = "offers"

    #: Of the facts.
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    #: See app.toolchains.librelane.offer.
    facts: Mapped[dict[str, Any]]
    seen_at: Mapped[datetime]
