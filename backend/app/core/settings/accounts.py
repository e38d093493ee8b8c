"""Users and their log-ins."""

from typing import ClassVar

from pydantic import Field, SecretStr

from app.core.settings.group import API, MIGRATE, Group, own


class AccountSettings(Group):
    """The first user, and how long a log-in is good for."""

    section: ClassVar = "People"

    admin_password: SecretStr | None = Field(
        None,
        validation_alias="A6HUB_ADMIN_PASSWORD",
        description="The password of the first user, `admin`, whom `./a6hub migrate` makes.",
        json_schema_extra=MIGRATE,
    )
    access_token_seconds: int = Field(
        86400,
        validation_alias=own("ACCESS_TOKEN_SECONDS"),
        gt=0,
        description="How long a log-in lasts.",
        json_schema_extra=API,
    )
