"""The files that a job produced."""

from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from app.api.deps import Id, WithContext, WithUser
from app.api.kept import from_store
from app.jobs.access import get_job
from app.jobs.queries import artifacts_of, get_artifact
from app.models import Artifact
from app.schemas.jobs import ArtifactView

router = APIRouter(prefix="/jobs/{job_id}/artifacts", tags=["jobs"])


@router.get("")
def list_all(context: WithContext, user: WithUser, job_id: Id) -> list[ArtifactView]:
    """List the job's artifacts by name."""
    with context.database.reading() as session:
        return [_view(one) for one in artifacts_of(session, get_job(session, user, job_id))]


@router.get("/{artifact_id}/content", response_class=StreamingResponse)
def content(context: WithContext, user: WithUser, job_id: Id, artifact_id: Id) -> StreamingResponse:
    """Return an artifact's bytes. Only pictures are shown by a browser, the rest is saved."""
    with context.database.reading() as session:
        artifact = get_artifact(session, user, job_id, artifact_id)
    with from_store(artifact.name):
        opened = context.store.open(artifact.key)
    picture = artifact.name.endswith(".png")
    name = quote(artifact.name.rpartition("/")[2])
    headers = {
        "Content-Length": str(opened.size),
        "Content-Disposition": f"{'inline' if picture else 'attachment'}; filename*=UTF-8''{name}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private, max-age=31536000, immutable",
    }
    kind = "image/png" if picture else "application/octet-stream"
    return StreamingResponse(opened.chunks, media_type=kind, headers=headers)


def _view(artifact: Artifact) -> ArtifactView:
    url = f"/api/v1/jobs/{artifact.job_id}/artifacts/{artifact.id}/content"
    fields = {name: getattr(artifact, name) for name in ArtifactView.model_fields if name != "url"}
    return ArtifactView(**fields, url=url)
