"""A job's log: its bytes, and following it live."""

import re
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from app.api.deps import Id, WithContext, WithUser
from app.api.document import GONE, bytes_of
from app.core.errors import InvalidError
from app.jobs.access import get_job
from app.jobs.follow import follow
from app.jobs.logs import log_pieces, log_size
from app.jobs.retention import refuse_removed

router = APIRouter(prefix="/jobs/{job_id}/log", tags=["jobs"])

_PLACE = re.compile(r"(\d{1,9}):(\d{1,18})")
Attempt = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="the newest unless given")]
Offset = Annotated[int, Query(ge=0, le=2**62, description="in bytes")]


@router.get("", response_class=StreamingResponse, responses={**bytes_of("text/plain"), **GONE})
def read(
    context: WithContext,
    user: WithUser,
    job_id: Id,
    attempt: Attempt = None,
    offset: Offset = 0,
    limit: Annotated[int | None, Query(ge=1, le=2**62, description="in bytes")] = None,
) -> StreamingResponse:
    """Return the log, or a piece of it. X-Next-Offset says where the next begins."""
    with context.database.reading() as session:
        job = get_job(session, user, job_id)
    refuse_removed(job, context.settings)
    attempt = attempt or job.attempt
    there = max(0, log_size(context.store, job_id, attempt) - offset)
    length = there if limit is None else min(limit, there)
    pieces = log_pieces(context.store, job_id, attempt, offset, length)
    headers = {"X-Next-Offset": str(offset + length), "Content-Length": str(length)}
    return StreamingResponse(pieces, media_type="text/plain; charset=utf-8", headers=headers)


def _place(
    attempt: Attempt = None,
    offset: Offset = 0,
    last_event_id: Annotated[str | None, Header()] = None,
) -> tuple[int | None, int]:
    """Return the attempt and the byte offset to follow from."""
    if last_event_id is None:
        return attempt, offset
    match = _PLACE.fullmatch(last_event_id)
    if match is None:
        raise InvalidError.at("header.last-event-id", "must be ATTEMPT:OFFSET, as in the events.")
    return int(match[1]), int(match[2])


def _may_follow(context: WithContext, user: WithUser, job_id: Id) -> None:
    """Answer 404 or 410 before the stream begins."""
    with context.database.reading() as session:
        refuse_removed(get_job(session, user, job_id), context.settings)


@router.get(
    "/follow",
    response_class=EventSourceResponse,
    dependencies=[Depends(_may_follow)],
    responses=GONE,
)
async def follow_log(
    context: WithContext,
    job_id: Id,
    place: Annotated[tuple[int | None, int], Depends(_place)],
) -> AsyncIterator[ServerSentEvent]:
    """Follow the job: events `log`, `job` and, last, `end`.

    The id of a `log` event is ATTEMPT:OFFSET after it; sent as Last-Event-ID it resumes there.
    """
    async for event in follow(context, job_id, *place):
        yield ServerSentEvent(data=event.data, event=event.kind, id=event.id)
