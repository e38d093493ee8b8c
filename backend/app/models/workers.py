"""The workers that are there, as they tell themselves."""

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class WorkerReport(Base):
    """What a live worker tells of itself, again and again; see `app.jobs.presence`."""

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    version: Mapped[str] = mapped_column(String(32))
    executor: Mapped[str] = mapped_column(String(32))
    #: Protection -> whether it is in force there.
    protections: Mapped[dict[str, Any]]
    #: What it can run (see app.jobs.abilities); None from a release that did not tell.
    abilities: Mapped[dict[str, Any] | None]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
