"""`/metrics` for Prometheus: only for who has the token that the operator has set."""

import hmac
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from app.api.deps import WithContext
from app.core.errors import NotFoundError, UnauthenticatedError
from app.jobs.meters import PROCESS
from app.jobs.metrics import InstallationCollector

router = APIRouter(tags=["metrics"])


def require_metrics_token(
    context: WithContext, authorization: Annotated[str, Header()] = ""
) -> None:
    """Raise NotFoundError while no token is set, UnauthenticatedError for another one."""
    token = context.settings.metrics_token
    if token is None:
        raise NotFoundError("Metrics are told when A6HUB_METRICS_TOKEN is set (docs/monitoring.md)")
    wanted = f"Bearer {token.get_secret_value()}"
    if not hmac.compare_digest(authorization.encode(), wanted.encode()):
        raise UnauthenticatedError("Send the metrics' token: Authorization: Bearer ...")


@router.get("/metrics", dependencies=[Depends(require_metrics_token)], include_in_schema=False)
def metrics(context: WithContext) -> Response:
    """Tell how the installation stands, and this process."""
    installation = CollectorRegistry()
    installation.register(InstallationCollector(context.database))
    text = generate_latest(installation) + generate_latest(PROCESS)
    return Response(text, media_type=CONTENT_TYPE_LATEST)
