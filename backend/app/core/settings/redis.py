"""Where Redis is, and how it is spoken to."""

from typing import ClassVar, Self
from urllib.parse import urlsplit

from pydantic import Field, FilePath, SecretStr, model_validator

from app.core.settings.group import Group, password_in_url


class RedisSettings(Group):
    """Redis or its Sentinels, and what Celery makes of it: broker and result backend."""

    section: ClassVar = "Where things are"

    redis_host: str = Field(
        "localhost", validation_alias="REDIS_HOST", description="The host on which Redis is."
    )
    redis_port: int = Field(
        6379, validation_alias="REDIS_PORT", ge=1, le=65535, description="Redis's port."
    )
    redis_password: SecretStr | None = Field(
        None, validation_alias="REDIS_PASSWORD", description="Redis's password."
    )
    redis_sentinels: str = Field(
        "",
        validation_alias="REDIS_SENTINELS",
        description="`host:26379 host:26379 ...`: then these are asked where Redis is.",
    )
    redis_master: str = Field(
        "a6hub",
        validation_alias="REDIS_MASTER",
        description="The name by which the Sentinels know Redis.",
    )
    redis_sentinel_password: SecretStr | None = Field(
        None, validation_alias="REDIS_SENTINEL_PASSWORD", description="The Sentinels' password."
    )
    redis_tls: bool = Field(
        False,
        validation_alias="REDIS_TLS",
        description="Whether Redis and its Sentinels are spoken to by TLS. Certificates are always "
        "checked, and the host's name in them.",
    )
    redis_ca_file: FilePath | None = Field(
        None,
        validation_alias="REDIS_CA_FILE",
        description="The certificates of the authorities that may have signed Redis's. Unset: the "
        "machine's own.",
    )
    redis_cert_file: FilePath | None = Field(
        None,
        validation_alias="REDIS_CERT_FILE",
        description="The certificate by which a6hub shows Redis who it is, if that wants one.",
    )
    redis_key_file: FilePath | None = Field(
        None, validation_alias="REDIS_KEY_FILE", description="The key of that certificate."
    )
    celery_broker_url: str = Field(
        "",
        validation_alias="CELERY_BROKER_URL",
        description="Redis's whole address, in place of all `REDIS_...`: `redis://host:6379/0`, "
        "`rediss://` with TLS, `sentinel://`.",
    )
    celery_result_backend: str = Field(
        "",
        validation_alias="CELERY_RESULT_BACKEND",
        description="Where Celery keeps its results. Empty: the broker.",
    )

    @model_validator(mode="after")
    def _tls_of_redis_is_whole(self) -> Self:
        if self.redis_tls and self.broker_url.startswith("redis://"):
            raise ValueError("REDIS_TLS=1 needs rediss:// in CELERY_BROKER_URL, not redis://")
        if (self.redis_cert_file is None) != (self.redis_key_file is None):
            raise ValueError("REDIS_CERT_FILE and REDIS_KEY_FILE belong together: set both or none")
        for name in ("celery_broker_url", "celery_result_backend"):
            if "ssl_" in urlsplit(getattr(self, name)).query:
                raise ValueError(
                    f"{name.upper()} must not say how TLS is done (ssl_...); REDIS_CA_FILE, "
                    "REDIS_CERT_FILE and REDIS_KEY_FILE do"
                )
        if self.result_backend.startswith("rediss://") and not self.redis_is_encrypted:
            raise ValueError(
                "CELERY_RESULT_BACKEND has rediss://, CELERY_BROKER_URL has not: TLS is for both"
            )
        return self

    @property
    def redis_url(self) -> str:
        """Where Redis is, or those are who know, from the settings REDIS_..."""
        secret = f"{password_in_url(self.redis_password)}@" if self.redis_password else ""
        if self.redis_sentinels:
            places = self.redis_sentinels.replace(",", " ").split()
            return ";".join(f"sentinel://{secret}{place}/0" for place in places)
        scheme = "rediss" if self.redis_tls else "redis"
        return f"{scheme}://{secret}{self.redis_host}:{self.redis_port}/0"

    @property
    def redis_is_encrypted(self) -> bool:
        """Whether Redis is spoken to by TLS."""
        return self.redis_tls or self.broker_url.startswith("rediss://")

    @property
    def broker_url(self) -> str:
        """The Celery broker, which also carries the live streams."""
        return self.celery_broker_url or self.redis_url

    @property
    def result_backend(self) -> str:
        """The Celery result backend."""
        return self.celery_result_backend or self.broker_url
