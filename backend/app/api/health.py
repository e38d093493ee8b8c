"""Health, for those who decide whether to send requests here."""

from collections.abc import Callable

from fastapi import APIRouter, Response

from app.api.deps import WithContext
from app.core.logging import get_logger
from app.db.migrate import fits
from app.jobs.context import Context
from app.jobs.patience import note_outage

log = get_logger(__name__)
router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live")
def live() -> dict[str, str]:
    """Answer as long as this process does."""
    return {"status": "live"}


@router.get("/ready", responses={503: {"model": dict[str, str]}})
def ready(context: WithContext, response: Response) -> dict[str, str]:
    """Tell which parts answer. Without Redis jobs are accepted and wait: degraded, but ready."""
    parts = {
        "database": _check("database", lambda: _check_database(context)),
        "store": _check("store", context.store.check),
        "redis": _check("redis", context.broker.redis.ping),
    }
    well = parts["database"] == parts["store"] == "ok"
    if not well:
        response.status_code = 503
    status = "unavailable" if not well else "ready" if parts["redis"] == "ok" else "degraded"
    return {"status": status, **parts}


def _check(part: str, attempt: Callable[[], object]) -> str:
    """Look at a part. That it is away is counted here, as nobody else may need it for a while."""
    try:
        attempt()
    except Exception as error:  # noqa: BLE001 - whatever it is, this part is not well
        note_outage(error, part)
        log.warning("not ready", part=part, error=str(error))
        return "unavailable"
    return "ok"


def _check_database(context: Context) -> None:
    if not fits(context.database):
        raise RuntimeError("the database has not been migrated")
