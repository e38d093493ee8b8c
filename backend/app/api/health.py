"""Health, for those who decide whether to send requests here."""

from collections.abc import Callable

from fastapi import APIRouter, Response

from app.api.deps import WithContext
from app.core.logging import get_logger
from app.db.migrate import fits
from app.jobs.context import Context

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
        "database": _check(lambda: _check_database(context)),
        "store": _check(context.store.check),
        "redis": _check(context.broker.redis.ping),
    }
    well = parts["database"] == parts["store"] == "ok"
    if not well:
        response.status_code = 503
    status = "unavailable" if not well else "ready" if parts["redis"] == "ok" else "degraded"
    return {"status": status, **parts}


def _check(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except Exception as error:  # noqa: BLE001 - whatever it is, this part is not well
        log.warning("not ready", error=str(error))
        return "unavailable"
    return "ok"


def _check_database(context: Context) -> None:
    if not fits(context.database):
        raise RuntimeError("the database has not been migrated")
