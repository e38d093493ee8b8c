"""What keeps workers from beginning jobs."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import utcnow
from app.db.base import Base


class Hold(Base):
    """An operator's word that no new job begins: anywhere, or on one worker; see `app.jobs.holds`.

    It is there as long as it is meant.
    """

    __tablename__ = "holds"

    #: `app.jobs.holds.EVERYWHERE`, or a worker's name.
    scope: Mapped[str] = mapped_column(String(255), primary_key=True)
    #: What the operator tells users.
    words: Mapped[str] = mapped_column(Text, default="")
    since: Mapped[datetime] = mapped_column(default=utcnow)
