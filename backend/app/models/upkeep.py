"""Who does the upkeep."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class UpkeepLease(Base):
    """A duty of which one live process at a time has charge."""

    __tablename__ = "upkeep_leases"

    duty: Mapped[str] = mapped_column(String(32), primary_key=True)
    holder: Mapped[str] = mapped_column(String(255))
    until: Mapped[datetime]
