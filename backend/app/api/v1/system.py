"""How the installation stands, for its operators."""

from fastapi import APIRouter, Depends

from app import __version__
from app.api.deps import WithContext, WithUser
from app.core.errors import ForbiddenError
from app.core.logging import get_logger
from app.jobs.broker import BROKER_ERRORS
from app.jobs.broker_settings import broker_settings
from app.jobs.context import Context
from app.jobs.presence import Presence, workers
from app.jobs.queues import queue_states
from app.models import User
from app.schemas.system import BrokerSettingView, QueueView, SystemView, WorkerView

log = get_logger(__name__)
router = APIRouter(prefix="/system", tags=["system"])


def require_admin(user: WithUser) -> User:
    """Return who is asking; ForbiddenError unless that is an administrator."""
    if not user.is_admin:
        raise ForbiddenError("Only administrators may see how the system stands.")
    return user


@router.get("", dependencies=[Depends(require_admin)])
def system(context: WithContext) -> SystemView:
    """Tell of queues, workers with their protections, and the broker's settings."""
    return system_view(context)


def system_view(context: Context) -> SystemView:
    """Return what the route and the page tell."""
    with context.database.reading() as session:
        queues = [QueueView.model_validate(state) for state in queue_states(session)]
        present = [_worker_view(one) for one in workers(session)]
    return SystemView(
        version=__version__,
        database=context.database.engine.dialect.name,
        queues=queues,
        workers=present,
        broker=_broker(context),
    )


def _worker_view(one: Presence) -> WorkerView:
    names = WorkerView.model_fields.keys() - {"is_there"}
    facts = {name: getattr(one.report, name) for name in names}
    return WorkerView(**facts, is_there=one.is_there)


def _broker(context: Context) -> list[BrokerSettingView] | None:
    try:
        found = broker_settings(context.broker.redis)
    except BROKER_ERRORS as error:
        log.warning("broker away", error=str(error))
        return None
    return [BrokerSettingView.model_validate(setting) for setting in found]
