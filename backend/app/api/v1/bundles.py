"""A job as an archive that repeats it elsewhere."""

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from app.api.deps import Id, WithContext, WithUser
from app.api.document import CONFLICT, bytes_of
from app.api.downloads import download
from app.api.kept import from_store
from app.jobs.bundle import Bundle

router = APIRouter(prefix="/jobs/{job_id}/bundle", tags=["jobs"])

_GZIP = "application/gzip"


@router.get("", response_class=StreamingResponse, responses=bytes_of(_GZIP) | CONFLICT)
def bundle(context: WithContext, user: WithUser, job_id: Id) -> StreamingResponse:
    """Return a .tar.gz with the job's files, config, versions, and the command to repeat it."""
    with context.database.reading() as session:
        found = Bundle.read(session, user, job_id)
    with from_store(f"job {job_id}'s revision"):
        packed = found.packed(context.store)
    return download(packed, f"{found.name}.tar.gz", kind=_GZIP)
