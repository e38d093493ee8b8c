"""Importing an archive into a project."""

import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, cast

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request

from app.api.deps import Id, WithContext, WithUser
from app.api.document import RAW_BODY
from app.core.errors import TooLargeError
from app.jobs.context import Context
from app.models import User
from app.projects.archives import Limits
from app.projects.files import Bounds, Changes, list_files, plan, put_files, take_turn
from app.projects.importing import Survey, store_files, survey
from app.projects.projects import get_project
from app.schemas.projects import ImportView, LeftOutView

router = APIRouter(prefix="/projects/{project_id}/import", tags=["files"])

#: What is kept of an upload in memory before it goes to a temporary file, in bytes.
_IN_MEMORY = 1 << 20
#: Archives unpacked at a time by one process; more wait, and the API answers others meanwhile.
_UNPACKED_AT_ONCE = 2


@dataclass(frozen=True)
class _Order:
    """Who imports, into what, and how."""

    user: User
    project_id: int
    replace: bool
    keep_top_folder: bool


@router.post("", openapi_extra=RAW_BODY)
async def import_archive(
    context: WithContext,
    user: WithUser,
    project_id: Id,
    request: Request,
    replace: bool = False,
    keep_top_folder: bool = False,
) -> ImportView:
    """Add the files of a zip, tar, tar.gz, tar.xz or tar.zst, which is the request's body.

    All of it or, when anything in it is refused, nothing. A single folder in which all lies is
    taken away unless `keep_top_folder`. With `replace` the project's other files are removed.
    """
    order = _Order(user, project_id, replace, keep_top_folder)
    await to_thread.run_sync(_check_access, context, order)
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as spool:
        await _receive(request, cast("BinaryIO", spool), context.settings.max_archive_bytes)
        work = partial(_import, context, order, cast("BinaryIO", spool))
        return await to_thread.run_sync(work, limiter=_limiter(request))


def _check_access(context: Context, order: _Order) -> None:
    """Refuse strangers before anything is kept of what they send."""
    with context.database.reading() as session:
        get_project(session, order.user, order.project_id, change=True)


async def _receive(request: Request, spool: BinaryIO, limit: int) -> None:
    received = 0
    pieces: AsyncIterator[bytes] = request.stream()
    async for piece in pieces:
        received += len(piece)
        if received > limit:
            raise TooLargeError(f"The archive is larger than {limit} bytes.")
        await to_thread.run_sync(spool.write, piece)


def _limiter(request: Request) -> CapacityLimiter:
    """Return the application's own limit, made within its event loop."""
    state = request.app.state
    if not hasattr(state, "unpacking"):
        state.unpacking = CapacityLimiter(_UNPACKED_AT_ONCE)
    limiter: CapacityLimiter = state.unpacking
    return limiter


def _import(context: Context, order: _Order, archive: BinaryIO) -> ImportView:
    found = survey(archive, Limits.of(context.settings), order.keep_top_folder)
    bounds = Bounds.of(context.settings)
    with context.database.reading() as session:
        project = get_project(session, order.user, order.project_id, change=True)
        files = {file.path: file for file in list_files(session, project)}
        plan(files, found.files, bounds, replace=order.replace)
    store_files(context.store, archive, found)
    with context.database.writing() as session:
        take_turn(session, order.project_id)
        project = get_project(session, order.user, order.project_id, change=True)
        changes = put_files(session, project, found.files, bounds, replace=order.replace)
    return _view(changes, found)


def _view(changes: Changes, found: Survey) -> ImportView:
    left_out = [LeftOutView(path=path, reason=why) for path, why in sorted(found.left_out.items())]
    return ImportView(
        added=changes.added,
        changed=changes.changed,
        unchanged=changes.unchanged,
        removed=changes.removed,
        left_out=left_out,
        top_folder=found.top_folder,
    )
