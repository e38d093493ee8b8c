"""How the installation stands, for its operators."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from sqlalchemy.orm import Session

from app import __version__
from app.api.deps import WithContext, WithUser
from app.api.document import ADMINISTRATORS
from app.core.errors import ForbiddenError
from app.core.logging import get_logger
from app.core.settings import Settings
from app.jobs.broker import BROKER_ERRORS
from app.jobs.broker_settings import broker_settings
from app.jobs.context import Context
from app.jobs.duties import Duty, holder_of
from app.jobs.holds import begin_maintenance, drain, end_maintenance, maintenance, undrain
from app.jobs.presence import Presence, workers
from app.jobs.queues import queue_states
from app.jobs.retention import count_pinned
from app.models import User
from app.schemas.system import (
    BrokerSettingView,
    MaintenanceBody,
    QueueView,
    RetentionView,
    SystemView,
    WorkerView,
)

log = get_logger(__name__)
router = APIRouter(prefix="/system", tags=["system"])

#: PostgreSQL takes no NUL.
WorkerName = Annotated[str, Path(max_length=255, pattern=r"^[^\x00]*$")]


def require_admin(user: WithUser) -> User:
    """Return who is asking; ForbiddenError unless that is an administrator."""
    if not user.is_admin:
        raise ForbiddenError("Only administrators may see how the system stands.")
    return user


#: What makes a route one of theirs.
_FOR_ADMINISTRATORS: dict[str, Any] = {
    "dependencies": [Depends(require_admin)],
    "openapi_extra": ADMINISTRATORS,
}


@router.get("", **_FOR_ADMINISTRATORS)
def system(context: WithContext) -> SystemView:
    """Tell of queues, workers with their protections, and the broker's settings."""
    return system_view(context)


def system_view(context: Context) -> SystemView:
    """Return what the route and the page tell."""
    with context.database.reading() as session:
        queues = [QueueView.model_validate(state) for state in queue_states(session)]
        hold = maintenance(session)
        present = [_worker_view(one) for one in workers(session)]
        upkeep = holder_of(session, Duty.UPKEEP)
        retention = _retention(session, context.settings)
    return SystemView(
        version=__version__,
        database=context.database.engine.dialect.name,
        maintenance=hold.words if hold else None,
        upkeep=upkeep.holder if upkeep else None,
        retention=retention,
        queues=queues,
        workers=present,
        broker=_broker(context),
    )


@router.put("/maintenance", status_code=204, **_FOR_ADMINISTRATORS)
def begin(context: WithContext, body: MaintenanceBody) -> None:
    """Take no jobs and begin none; 409 when that is so already."""
    begin_maintenance(context.database, body.words)


@router.delete("/maintenance", status_code=204, **_FOR_ADMINISTRATORS)
def end(context: WithContext) -> None:
    """Take and begin jobs again; 409 when maintenance is not on."""
    end_maintenance(context.database)


@router.put("/workers/{name}/drain", status_code=204, **_FOR_ADMINISTRATORS)
def drain_worker(context: WithContext, name: WorkerName) -> None:
    """Have a worker begin nothing more, so that it can be stopped; twice is once."""
    drain(context.database, name)


@router.delete("/workers/{name}/drain", status_code=204, **_FOR_ADMINISTRATORS)
def undrain_worker(context: WithContext, name: WorkerName) -> None:
    """Let a worker begin jobs again; 409 when it is not drained."""
    undrain(context.database, name)


def _worker_view(one: Presence) -> WorkerView:
    own = {name: getattr(one, name) for name in ("is_there", "is_draining", "jobs")}
    facts = {name: getattr(one.report, name) for name in WorkerView.model_fields.keys() - own}
    return WorkerView(**facts, **own)


def _retention(session: Session, settings: Settings) -> RetentionView:
    sweep = holder_of(session, Duty.SWEEP)
    return RetentionView(
        steps_days=settings.keep_steps_days,
        files_days=settings.keep_files_days,
        jobs_days=settings.keep_jobs_days,
        newest_jobs=settings.keep_newest_jobs,
        pinned_jobs=count_pinned(session),
        next_sweep=sweep.until if sweep else None,
    )


def _broker(context: Context) -> list[BrokerSettingView] | None:
    try:
        found = broker_settings(context.broker.redis)
    except BROKER_ERRORS as error:
        log.warning("broker away", error=str(error))
        return None
    return [BrokerSettingView.model_validate(setting) for setting in found]
