"""All settings, read from the environment and `.env`.

Each module has those of one subject; `Settings` has them all.

Public names (scripts rely on them): REDIS_HOST, REDIS_PORT, CELERY_BROKER_URL,
CELERY_RESULT_BACKEND, MAX_JOB_DURATION_SECONDS. Names of our own may be given with or without the
prefix A6HUB_; secrets may be given as files in SECRETS_DIR, one file per name.
docs/reference/settings.md is made from what is said here: `./a6hub docs`.
"""

from functools import lru_cache

from pydantic import ValidationError

from app.core.settings.accounts import AccountSettings
from app.core.settings.database import DatabaseSettings
from app.core.settings.docker import DockerSettings
from app.core.settings.job_logs import JobLogSettings
from app.core.settings.jobs import JobSettings
from app.core.settings.librelane import LibreLaneSettings
from app.core.settings.logging import LoggingSettings
from app.core.settings.monitoring import MonitoringSettings
from app.core.settings.redis import RedisSettings
from app.core.settings.retention import RetentionSettings
from app.core.settings.store import StoreSettings
from app.core.settings.uploads import UploadSettings


# Pydantic takes the last base's fields first: read upwards, this is the reference page's order.
class Settings(
    LoggingSettings,
    MonitoringSettings,
    UploadSettings,
    AccountSettings,
    LibreLaneSettings,
    DockerSettings,
    JobLogSettings,
    RetentionSettings,
    JobSettings,
    StoreSettings,
    RedisSettings,
    DatabaseSettings,
):
    """The configuration of one process. Durations are seconds, sizes bytes."""


@lru_cache
def get_settings() -> Settings:
    """Return this process's settings, read once; SystemExit with what is wrong with them.

    Celery and uvicorn would show who starts them a traceback, with that at its end.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise SystemExit("\n".join(words_of_settings(error))) from None


def words_of_settings(error: ValidationError) -> list[str]:
    """Return what is wrong with settings; not what they hold, which may be secret."""
    return [
        f"{'.'.join(map(str, one['loc'])) or 'settings'}: {one['msg']}" for one in error.errors()
    ]
