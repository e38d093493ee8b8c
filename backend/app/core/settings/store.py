"""Where the object store is; in the data folder, if nothing is said."""

from typing import ClassVar, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from app.core.settings.data import DataSettings
from app.core.settings.group import own


class StoreSettings(DataSettings):
    """The store's address, and what an S3 server wants to know besides."""

    section: ClassVar = "Where things are"

    store_url: str = Field(
        "",
        validation_alias=own("STORE_URL"),
        description="`file:///folder` or `s3://bucket/prefix`. Empty: a folder in the data folder.",
    )
    s3_endpoint: str | None = Field(
        None,
        validation_alias="S3_ENDPOINT",
        description="The S3 server's address: `https://host:9000`. Unset: AWS.",
    )
    s3_region: str = Field(
        "us-east-1", validation_alias="S3_REGION", description="The bucket's region."
    )
    s3_access_key: SecretStr | None = Field(
        None, validation_alias="S3_ACCESS_KEY", description="The store's access key."
    )
    s3_secret_key: SecretStr | None = Field(
        None, validation_alias="S3_SECRET_KEY", description="The store's secret key."
    )

    @model_validator(mode="after")
    def _store_is_of_a_known_kind(self) -> Self:
        if urlsplit(self.store).scheme not in ("file", "s3"):
            raise ValueError("A6HUB_STORE_URL must begin with file:// or s3://")
        return self

    @property
    def store(self) -> str:
        """`file:///folder` or `s3://bucket/prefix`; a folder in the data folder by default."""
        return self.store_url or f"file://{self.data_dir.absolute()}/store"
