"""The files of a project."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, File, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from app.api.deps import Id, WithContext, WithUser
from app.api.document import RAW_BODY, bytes_of
from app.api.downloads import BYTES, download
from app.api.kept import from_store
from app.core.errors import InvalidError, TooLargeError
from app.jobs.context import Context
from app.models import User
from app.projects.files import Bounds, delete_file, get_file, list_files, put_files, take_turn
from app.projects.paths import check_path
from app.projects.projects import get_project
from app.schemas.projects import FileView
from app.storage.blobs import blob_key, put_blob

router = APIRouter(prefix="/projects/{project_id}/files", tags=["files"])

Parts = Annotated[
    list[UploadFile], File(description="One part per file, named by its path in the project.")
]


@router.get("")
def list_all(context: WithContext, user: WithUser, project_id: Id) -> list[FileView]:
    """List a project's files by path."""
    with context.database.reading() as session:
        files = list_files(session, get_project(session, user, project_id))
        return [FileView.model_validate(file) for file in files]


@router.put("/{path:path}", openapi_extra=RAW_BODY, responses={201: {"model": FileView}})
async def put(
    context: WithContext,
    user: WithUser,
    project_id: Id,
    path: str,
    request: Request,
    response: Response,
) -> FileView:
    """Set the content of one file; the body is the content. 201 when the file is new."""
    check_path(path)
    data = await _read_bounded(request.stream(), context.settings.max_upload_bytes)
    (view,), new = await run_in_threadpool(_keep, context, user, project_id, {path: data})
    response.status_code = 201 if new else 200
    return view


@router.post("", status_code=201)
def upload(context: WithContext, user: WithUser, project_id: Id, files: Parts) -> list[FileView]:
    """Set the content of several files at once: all of them or none."""
    limit = room = context.settings.max_upload_bytes
    contents: dict[str, bytes] = {}
    for file in files:
        data = file.file.read(limit + 1)
        room -= len(data)
        if room < 0:
            raise TooLargeError(f"The files are larger than {limit} bytes together.")
        if (file.filename or "") in contents:
            raise InvalidError.at("files", f"{file.filename!r} is there twice.")
        contents[file.filename or ""] = data
    return _keep(context, user, project_id, contents)[0]


@router.get("/{path:path}", response_class=StreamingResponse, responses=bytes_of(BYTES))
def get(context: WithContext, user: WithUser, project_id: Id, path: str) -> StreamingResponse:
    """Return a file's content, which a browser always saves."""
    with context.database.reading() as session:
        file = get_file(session, get_project(session, user, project_id), check_path(path))
    with from_store(repr(file.path)):
        opened = context.store.open(blob_key(file.digest))
    return download(opened.chunks, file.path.rpartition("/")[2], size=opened.size)


@router.delete("/{path:path}", status_code=204)
def delete(context: WithContext, user: WithUser, project_id: Id, path: str) -> None:
    """Remove a file from the project; revisions that hold it keep it."""
    with context.database.writing() as session:
        delete_file(session, get_project(session, user, project_id, change=True), check_path(path))


async def _read_bounded(stream: AsyncIterator[bytes], limit: int) -> bytes:
    data = bytearray()
    async for piece in stream:
        data += piece
        if len(data) > limit:
            raise TooLargeError(f"The file is larger than {limit} bytes.")
    return bytes(data)


def _keep(
    context: Context, user: User, project_id: int, contents: dict[str, bytes]
) -> tuple[list[FileView], bool]:
    """Store contents and set the files; also return whether any file is new."""
    contents = {check_path(path): data for path, data in contents.items()}
    with context.database.reading() as session:
        get_project(session, user, project_id, change=True)
    kept = {path: (put_blob(context.store, data), len(data)) for path, data in contents.items()}
    with context.database.writing() as session:
        take_turn(session, project_id)
        project = get_project(session, user, project_id, change=True)
        changes = put_files(session, project, kept, Bounds.of(context.settings))
        files = {file.path: FileView.model_validate(file) for file in list_files(session, project)}
        return [files[path] for path in contents], bool(changes.added)
