"""The part of `doctor` that looks at settings: what contradicts what, and what goes when."""

import os
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from app.cli.finding import Finding
from app.core.settings import Settings
from app.jobs.sentinel import is_sentinel

_LOCAL = {"", "localhost"}


def look_at_settings(settings: Settings) -> Iterator[Finding]:
    """Say which settings cannot both be meant, and how long finished jobs stay."""
    contradictions = [*_contradictions(settings)]
    for words, advice in contradictions:
        yield Finding("settings", False, words, advice)
    if not contradictions:
        yield Finding("settings", True, "none contradicts another")
    yield Finding("retention", True, words_of_retention(settings))


def words_of_retention(settings: Settings) -> str:
    """Return how long finished jobs keep what."""
    return (
        f"steps {_days(settings.keep_steps_days)}, logs and artifacts "
        f"{_days(settings.keep_files_days)}, jobs {_days(settings.keep_jobs_days)}; the newest "
        f"{settings.keep_newest_jobs} of each project and type stay"
    )


def is_here(host: str | None) -> bool:
    """Return whether a host's name or address is this machine's own for itself."""
    if (host or "") in _LOCAL:
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def broker_hosts(settings: Settings) -> list[str]:
    """Return the hosts of Redis, or of its Sentinels."""
    return [urlsplit(one).hostname or "" for one in settings.broker_url.split(";")]


def _days(days: float | None) -> str:
    return "for ever" if days is None else f"{days:g} days"


def _contradictions(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield what cannot both be meant, and advice."""
    for look in (_sqlite_apart, _no_keys, _files_before_steps, _rare_upkeep, _hasty_messages):
        if found := look(settings):
            yield found


def _sqlite_apart(settings: Settings) -> tuple[str, str] | None:
    elsewhere = not all(map(is_here, broker_hosts(settings))) or is_sentinel(settings.broker_url)
    if not (settings.database.startswith("sqlite") and elsewhere):
        return None
    return (
        "SQLite, with a Redis that is not this machine's: workers elsewhere see no jobs",
        "Set A6HUB_DATABASE_URL to PostgreSQL, unless all processes are on this machine.",
    )


def _no_keys(settings: Settings) -> tuple[str, str] | None:
    given = settings.s3_access_key and settings.s3_secret_key
    if given or not settings.s3_endpoint or "AWS_ACCESS_KEY_ID" in os.environ:
        return None
    return (
        "S3_ENDPOINT without keys: the client waits for those that AWS gives to its own machines",
        "Set S3_ACCESS_KEY and S3_SECRET_KEY.",
    )


def _files_before_steps(settings: Settings) -> tuple[str, str] | None:
    files, steps = settings.keep_files_days, settings.keep_steps_days
    if files is None or files >= steps:
        return None
    return (
        (
            f"A6HUB_KEEP_FILES_DAYS={files:g} removes steps with the files, before "
            f"A6HUB_KEEP_STEPS_DAYS={steps:g}"
        ),
        f"Set A6HUB_KEEP_STEPS_DAYS to {files:g} or less.",
    )


def _rare_upkeep(settings: Settings) -> tuple[str, str] | None:
    if settings.upkeep_seconds <= settings.lease_seconds:
        return None
    return (
        (
            f"A6HUB_UPKEEP_SECONDS={settings.upkeep_seconds:g} is longer than a lease: "
            "lost jobs wait for it"
        ),
        f"Set it to {settings.lease_seconds / 10:g} or less.",
    )


def _hasty_messages(settings: Settings) -> tuple[str, str] | None:
    if settings.republish_seconds >= settings.lease_seconds:
        return None
    return (
        (
            f"A6HUB_REPUBLISH_SECONDS={settings.republish_seconds:g} is shorter than a lease: "
            "messages are sent again and again"
        ),
        "Leave it at 900.",
    )
