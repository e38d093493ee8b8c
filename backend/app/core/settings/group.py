"""What all groups of settings have in common."""

import os
from typing import ClassVar
from urllib.parse import quote

from pydantic import AliasChoices, SecretStr, model_validator
from pydantic.config import JsonDict
from pydantic_settings import BaseSettings, SettingsConfigDict

# Which processes read a setting; all of them, if nothing is said.
API: JsonDict = {"read_by": "API"}
WORKER: JsonDict = {"read_by": "worker"}
UPKEEP: JsonDict = {"read_by": "API, worker"}
FILTER: JsonDict = {"read_by": "`docker-filter`"}
FILTERED: JsonDict = {"read_by": "worker, `docker-filter`"}
MIGRATE: JsonDict = {"read_by": "`migrate`"}


class Group(BaseSettings):
    """Settings of one subject. A group that needs another's settings inherits from it."""

    model_config = SettingsConfigDict(
        defer_build=True,  # only the whole is ever made, and commands must start fast
        env_file=".env",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # it holds passwords
        populate_by_name=True,
        secrets_dir=os.environ.get("SECRETS_DIR"),
    )

    #: The heading below which the reference page tells of the group.
    section: ClassVar[str]

    @model_validator(mode="before")
    @classmethod
    def _empty_means_default(cls, values: dict[str, object]) -> dict[str, object]:
        """Treat `NAME=` in an environment file as not set."""
        return {key: value for key, value in values.items() if value != ""}


def own(name: str) -> AliasChoices:
    """Return the variables of a setting of our own: with the prefix, and without."""
    return AliasChoices(f"A6HUB_{name}", name)


def password_in_url(secret: SecretStr | None) -> str:
    """Return how a URL gives a password, after the user."""
    return f":{quote(secret.get_secret_value(), safe='')}" if secret else ""
