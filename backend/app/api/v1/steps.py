"""The files of a job's finished steps: everything, not only what became an artifact."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse

from app.api.deps import Id, WithContext, WithUser
from app.api.document import GONE, bytes_of
from app.api.downloads import BYTES, download
from app.api.kept import from_store
from app.core.errors import NotFoundError
from app.jobs.access import get_job
from app.jobs.context import Context
from app.jobs.retention import refuse_removed
from app.jobs.step_files import kept_tree
from app.models import User
from app.schemas.jobs import StepFileView
from app.storage.blobs import blob_key
from app.storage.trees import TreeFile, get_tree

router = APIRouter(prefix="/jobs/{job_id}/steps/{ordinal}/files", tags=["jobs"])

Ordinal = Annotated[int, Path(ge=1, le=10_000)]


@router.get("", responses=GONE)
def list_all(
    context: WithContext, user: WithUser, job_id: Id, ordinal: Ordinal
) -> list[StepFileView]:
    """List the files of a step's folder by path."""
    url = f"/api/v1/jobs/{job_id}/steps/{ordinal}/files/content?path="
    return [
        StepFileView(path=path, size=file.size, digest=file.digest, url=url + quote(path, safe="/"))
        for path, file in sorted(_tree(context, user, job_id, ordinal).items())
    ]


@router.get("/content", response_class=StreamingResponse, responses={**bytes_of(BYTES), **GONE})
def content(
    context: WithContext,
    user: WithUser,
    job_id: Id,
    ordinal: Ordinal,
    path: Annotated[str, Query(max_length=4096)],
) -> StreamingResponse:
    """Return the content of one file, which a browser always saves."""
    file = _tree(context, user, job_id, ordinal).get(path)
    if file is None:
        raise NotFoundError(f"Step {ordinal} of job {job_id} has no file {path[:500]!r}.")
    with from_store(repr(path)):
        opened = context.store.open(blob_key(file.digest))
    return download(opened.chunks, path.rpartition("/")[2], size=opened.size)


def _tree(context: Context, user: User, job_id: int, ordinal: int) -> dict[str, TreeFile]:
    with context.database.reading() as session:
        refuse_removed(get_job(session, user, job_id), context.settings)
        digest = kept_tree(session, user, job_id, ordinal)
    with from_store(f"step {ordinal} of job {job_id}"):
        return get_tree(context.store, digest)
