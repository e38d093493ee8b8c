"""Answers whose bytes are somebody else's: saved by a browser, never run in our origin."""

from collections.abc import Iterator
from urllib.parse import quote

from fastapi.responses import StreamingResponse

BYTES = "application/octet-stream"
PNG = "image/png"


def download(
    chunks: Iterator[bytes],
    name: str,
    *,
    kind: str = BYTES,
    size: int | None = None,
    is_final: bool = False,
) -> StreamingResponse:
    """Return what `chunks` gives as a file `name`; only a picture is shown by a browser.

    `is_final`: the bytes will always be these, so that a browser may keep them.
    """
    headers = safe_headers(name, shown=kind == PNG)
    if size is not None:
        headers["Content-Length"] = str(size)
    if is_final:
        headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return StreamingResponse(chunks, media_type=kind, headers=headers)


def safe_headers(name: str, *, shown: bool) -> dict[str, str]:
    """Return the headers under which even a page of somebody else does no harm."""
    way = "inline" if shown else "attachment"
    return {
        "Content-Disposition": f"{way}; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
