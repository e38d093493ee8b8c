"""The files that a job produced."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from app.api.deps import Id, WithContext, WithUser
from app.api.document import GONE, bytes_of
from app.api.downloads import BYTES, PNG, download
from app.api.kept import from_store
from app.jobs.access import get_job
from app.jobs.queries import artifacts_of, get_artifact
from app.jobs.retention import refuse_removed
from app.models import Artifact, Job
from app.schemas.jobs import ArtifactView

router = APIRouter(prefix="/jobs/{job_id}/artifacts", tags=["jobs"])

#: PostgreSQL takes no NUL.
Kind = Annotated[
    str | None,
    Query(max_length=32, pattern=r"^[^\x00]*$", description="'gds', 'report', 'log', ..."),
]


@router.get("")
def list_all(
    context: WithContext, user: WithUser, job_id: Id, kind: Kind = None
) -> list[ArtifactView]:
    """List the job's artifacts by name, all or those of a kind."""
    with context.database.reading() as session:
        found = artifacts_of(session, get_job(session, user, job_id), kind)
    return [_view(one) for one in found]


@router.get(
    "/{artifact_id}/content",
    response_class=StreamingResponse,
    responses={**bytes_of(BYTES, PNG), **GONE},
)
def content(context: WithContext, user: WithUser, job_id: Id, artifact_id: Id) -> StreamingResponse:
    """Return an artifact's bytes. Only pictures are shown by a browser, the rest is saved."""
    with context.database.reading() as session:
        artifact = get_artifact(session, user, job_id, artifact_id)
        refuse_removed(session.get_one(Job, job_id), context.settings)
    with from_store(artifact.name):
        opened = context.store.open(artifact.key)
    return download(
        opened.chunks,
        artifact.name.rpartition("/")[2],
        kind=PNG if artifact.name.endswith(".png") else BYTES,
        size=opened.size,
        is_final=True,
    )


def _view(artifact: Artifact) -> ArtifactView:
    url = f"/api/v1/jobs/{artifact.job_id}/artifacts/{artifact.id}/content"
    fields = {name: getattr(artifact, name) for name in ArtifactView.model_fields if name != "url"}
    return ArtifactView(**fields, url=url)
