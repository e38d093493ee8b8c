"""The config that a project keeps for its builds."""

from fastapi import APIRouter

from app.api.deps import Id, WithContext, WithUser
from app.api.v1.bodies import in_the_body
from app.jobs.kept_config import forget_config, keep_config, kept_config
from app.schemas.builds import ConfigBody, KeptConfigView

router = APIRouter(prefix="/builds/{project_id}/build/config", tags=["builds"])


@router.get("")
def get(context: WithContext, user: WithUser, project_id: Id) -> KeptConfigView:
    """Show the config that the project's builds begin with."""
    return KeptConfigView(**kept_config(context, user, project_id))


@router.put("")
def put(context: WithContext, user: WithUser, project_id: Id, body: ConfigBody) -> KeptConfigView:
    """Keep a config in place of the one before, if builds could have it."""
    with in_the_body(without="config."):
        return KeptConfigView(**keep_config(context, user, project_id, body.root))


@router.delete("", status_code=204)
def delete(context: WithContext, user: WithUser, project_id: Id) -> None:
    """Keep nothing any more."""
    forget_config(context, user, project_id)
