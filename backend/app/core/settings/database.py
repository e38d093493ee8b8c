"""Where the database is; in the data folder, if nothing is said."""

from typing import ClassVar, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from app.core.settings.data import DataSettings
from app.core.settings.group import own, password_in_url

#: PostgreSQL's other names are taken for that of its driver here.
_KINDS = ("sqlite", "postgresql+psycopg", "postgresql", "postgres")


class DatabaseSettings(DataSettings):
    """The database's address, and its password beside it."""

    section: ClassVar = "Where things are"

    database_url: str = Field(
        "",
        validation_alias=own("DATABASE_URL"),
        description="SQLAlchemy's URL of the database: `postgresql+psycopg://a6hub@host/a6hub`. "
        "Empty: an SQLite file in the data folder.",
    )
    database_password: SecretStr | None = Field(
        None,
        validation_alias=own("DATABASE_PASSWORD"),
        description="Put into the database's URL, which then names a user only.",
    )

    @model_validator(mode="after")
    def _database_is_of_a_known_kind(self) -> Self:
        if urlsplit(self.database).scheme not in _KINDS:
            raise ValueError(
                "A6HUB_DATABASE_URL must begin with postgresql+psycopg:// or sqlite:///"
            )
        return self

    @property
    def database(self) -> str:
        """SQLAlchemy URL; an SQLite file in the data folder by default."""
        url = self.database_url or f"sqlite:///{self.data_dir}/a6hub.sqlite3"
        user, at, place = url.partition("@")
        return f"{user}{password_in_url(self.database_password)}@{place}" if at else url
