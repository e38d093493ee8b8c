"""Keeping the files that an attempt produced.

The files were made by somebody else's programs: each is opened without following a link, must be a
plain file with one name inside the job's folder, and is read from that one open handle.
"""

import hashlib
import re
from collections.abc import Iterable
from io import BufferedReader
from pathlib import Path

from app.core.logging import get_logger
from app.jobs.claims import Claim
from app.models import Artifact
from app.storage.store import Store
from app.toolchains.base import CollectedFile
from app.toolchains.files import open_plain

log = get_logger(__name__)

#: Names that are safe and readable as a store key; other files are kept by their digest.
_PLAIN_NAME = re.compile(
    r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,199}(/[A-Za-z0-9_][A-Za-z0-9._+-]{0,199}){0,9}"
)

#: What the table holds of a name.
_LONGEST_NAME = 1024


def keep_artifacts(
    store: Store, claim: Claim, folder: Path, files: Iterable[CollectedFile]
) -> list[Artifact]:
    """Store `files`, all below `folder`, and return their rows, not yet in the database."""
    kept = (_keep(store, claim, folder, file) for file in files)
    return [artifact for artifact in kept if artifact is not None]


def artifact_key(claim: Claim, name: str, digest: str) -> str:
    """Return where an artifact lies in the store."""
    plain = name if _PLAIN_NAME.fullmatch(name) else f"by-digest/{digest}"
    return f"jobs/{claim.job_id}/attempts/{claim.attempt}/artifacts/{plain}"


def _keep(store: Store, claim: Claim, folder: Path, file: CollectedFile) -> Artifact | None:
    handle = _open(folder, file)
    if handle is None:
        log.warning(
            "not kept: no plain file in the job's folder, or its name too long",
            job=claim.job_id,
            name=file.name[:200],
        )
        return None
    with handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
        size = handle.tell()
        handle.seek(0)
        key = artifact_key(claim, file.name, digest)
        store.put_open_file(key, handle)
    return Artifact(
        job_id=claim.job_id,
        attempt=claim.attempt,
        name=file.name,
        kind=file.kind,
        size=size,
        digest=digest,
        key=key,
    )


def _open(folder: Path, file: CollectedFile) -> BufferedReader | None:
    """Open a file below `folder` that is nothing but a file; None if it is anything else."""
    if len(file.name) > _LONGEST_NAME or not file.path.is_relative_to(folder):
        return None
    return open_plain(folder, str(file.path.relative_to(folder)))
