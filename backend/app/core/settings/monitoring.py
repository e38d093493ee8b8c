"""Who is told how a6hub fares."""

from typing import Annotated, ClassVar, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import NoDecode

from app.core.addresses import parse_address
from app.core.settings.group import UPKEEP, WORKER, Group


class MonitoringSettings(Group):
    """Flower, Prometheus, and with names of their own OpenTelemetry and Sentry."""

    section: ClassVar = "Monitoring"

    flower_basic_auth: SecretStr | None = Field(
        None,
        validation_alias="FLOWER_BASIC_AUTH",
        description="Who may look at Flower: `user:password,user:password`.",
        json_schema_extra={"read_by": "Flower"},
    )
    metrics_token: SecretStr | None = Field(
        None,
        validation_alias="A6HUB_METRICS_TOKEN",
        description="What Prometheus has to send; without it `/metrics` tells nobody anything.",
        json_schema_extra=UPKEEP,
    )
    worker_metrics: Annotated[tuple[str, int] | None, NoDecode, BeforeValidator(parse_address)] = (
        Field(
            None,
            validation_alias="A6HUB_WORKER_METRICS",
            description="`host:port` on which the process beside a worker serves its metrics.",
            json_schema_extra=WORKER,
        )
    )
    otlp_endpoint: str | None = Field(
        None,
        validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        pattern="^https?://",
        description="The collector that takes traces, by OTLP over HTTP: `http://collector:4318`. "
        "Empty: no traces.",
        json_schema_extra=UPKEEP,
    )
    otlp_headers: SecretStr | None = Field(
        None,
        validation_alias="OTEL_EXPORTER_OTLP_HEADERS",
        description="What the collector wants to be sent: `name=value,name=value`.",
        json_schema_extra=UPKEEP,
    )
    sentry_dsn: SecretStr | None = Field(
        None,
        validation_alias="SENTRY_DSN",
        description="The Sentry project that is told of a6hub's own faults. Empty: none.",
        json_schema_extra=UPKEEP,
    )
    sentry_environment: str = Field(
        "production",
        validation_alias="SENTRY_ENVIRONMENT",
        description="What Sentry shows as the environment.",
        json_schema_extra=UPKEEP,
    )

    @model_validator(mode="after")
    def _worker_metrics_need_a_token(self) -> Self:
        if self.worker_metrics and self.metrics_token is None:
            raise ValueError("A6HUB_WORKER_METRICS needs A6HUB_METRICS_TOKEN (docs/monitoring.md)")
        return self
