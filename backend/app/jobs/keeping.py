"""Keeping the finished steps of an attempt, so that the next one can go on from there.

Each step's folder becomes a tree in the store as soon as the step has ended. The files are the
user's programs' own: none is followed out of the folder, and each is copied before it is stored.
"""

import contextlib
import threading
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from app.core.logging import get_logger, in_context
from app.db.base import table_of
from app.jobs.claims import Claim, fence
from app.jobs.context import Context
from app.jobs.patience import OUTAGES, patiently
from app.models import Attempt, Job, KeptStep
from app.storage.blobs import put_blob_file
from app.storage.store import Store
from app.storage.trees import TreeFile, put_tree
from app.toolchains.base import FinishedStep, ToolRun
from app.toolchains.files import open_plain, plain_files

log = get_logger(__name__)

#: Where there is more, no step is kept any more: a next attempt goes on from those before.
_MOST_STEPS = 1_000
_MOST_FILES = 5_000  # of a step

_INSERT = insert(table_of(KeptStep))
_FOLDERS = select(KeptStep.folder).where(
    KeptStep.job_id == bindparam("job"), KeptStep.attempt == bindparam("at")
)
_attempts = table_of(Attempt)
_SET_TOOLS = (
    update(_attempts)
    .where(_attempts.c.job_id == bindparam("job"), _attempts.c.number == bindparam("my_attempt"))
    .values(tools=bindparam("words"))
)


class NotKeptError(Exception):
    """A step's folder cannot be kept; the text says why."""


class StepKeeper:
    """Keeps one attempt's finished steps, in a thread, while its tools go on."""

    def __init__(self, context: Context, mine: Claim, folder: Path) -> None:
        self._context = context
        self._mine = mine
        self._folder = folder
        self._run: ToolRun | None = None
        self._kept: set[str] = set()
        #: How many bytes may still be kept: at most what the job's folder can hold at once.
        self._room = context.settings.job_disk_bytes
        self._done = False
        self._left = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(
            target=in_context(self._keep_on), name="keeper", daemon=True
        )

    def begin(self, run: ToolRun, restored: Sequence[KeptStep] = ()) -> None:
        """Begin with what was restored from an earlier attempt; nothing if no attempt can go on."""
        if not run.tools:
            return
        self._run = run
        with self._context.database.writing() as session:
            names = {"job": self._mine.job_id, "my_attempt": self._mine.attempt}
            session.execute(_SET_TOOLS, {**names, "words": run.tools[:255]})
            self._note(session, [(row.step, row.folder, row.tree_digest) for row in restored])
        self._kept = {row.folder for row in restored}
        self._thread.start()

    def look(self) -> None:
        """Look whether more steps have finished: soon, in the thread."""
        self._wake.set()

    def close(self) -> None:
        """Keep nothing more, not even what is on its way to the store: the folder may now go."""
        self._left.set()
        self._done = True
        self._wake.set()

    def finish(self, seconds: float) -> None:
        """Keep what has finished since, for so long at most: what a job came to must not wait."""
        self._done = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _keep_on(self) -> None:
        while not self._done:
            self._wake.wait()
            self._wake.clear()
            if not self._done:
                with contextlib.suppress(*OUTAGES):  # tried again with the next step
                    self._keep()
        if not self._left.is_set():
            with contextlib.suppress(*OUTAGES):
                patiently(self._keep, self._left)

    def _keep(self) -> None:
        try:
            self._keep_all()
        except OUTAGES as error:
            log.warning("step not kept yet", job=self._mine.job_id, error=str(error))
            raise
        except Exception:
            # What cannot be kept costs a next attempt time, but not this one its result.
            log.exception("steps are not kept any more", job=self._mine.job_id)
            self._run = None

    def _keep_all(self) -> None:
        for step in self._run.finished() if self._run else []:
            if step.folder not in self._kept and not self._keep_one(step):
                self._run = None  # a later one is of no use without it
                break

    def _keep_one(self, step: FinishedStep) -> bool:
        try:
            digest = self._keep_folder(step.folder)
        except NotKeptError as error:
            log.warning("not kept", job=self._mine.job_id, step=step.step, why=str(error))
            return False
        if self._left.is_set():  # and so perhaps read while it was removed
            return False
        with self._context.database.writing() as session:
            self._note(session, [(step.step, step.folder, digest)])
        self._kept.add(step.folder)
        return True

    def _keep_folder(self, name: str) -> str:
        if len(self._kept) >= _MOST_STEPS:
            raise NotKeptError("there are too many steps")
        store, spool = self._context.store, self._context.settings.work_dir
        digest, size = keep_folder(store, self._folder, name, self._room, spool)
        self._room -= size
        return digest

    def _note(self, session: Session, kept: list[tuple[str, str, str]]) -> None:
        """Note what is kept, unless the job is not ours any more."""
        if not kept or session.scalar(select(Job.id).where(*fence(self._mine))) is None:
            return
        # There already when the answer to an earlier commit was lost.
        there = set(session.scalars(_FOLDERS, {"job": self._mine.job_id, "at": self._mine.attempt}))
        kept = [row for row in kept if row[1] not in there]
        if not kept:
            return
        mine = {"job_id": self._mine.job_id, "attempt": self._mine.attempt}
        names = ("step", "folder", "tree_digest")
        session.execute(_INSERT, [{**mine, **dict(zip(names, row, strict=True))} for row in kept])


def keep_folder(
    store: Store, job: Path, name: str, most_bytes: int, spool: Path
) -> tuple[str, int]:
    """Keep the plain files of a folder of a job as a tree; return its digest and its size in bytes.

    Large ones are copied into the folder `spool` on their way.

    Raises NotKeptError.
    """
    files: dict[str, TreeFile] = {}
    room = most_bytes
    for found in plain_files(job / name):
        room -= found.size
        if len(files) >= _MOST_FILES or room < 0:
            raise NotKeptError("it holds too much")
        files[found.name] = _keep_file(store, job, f"{name}/{found.name}", found.size, spool)
    if not files:
        raise NotKeptError("nothing is there")
    return put_tree(store, files), most_bytes - room


def _keep_file(store: Store, job: Path, name: str, size: int, spool: Path) -> TreeFile:
    handle = open_plain(job, name)
    if handle is None:
        raise NotKeptError("it changes, or lies elsewhere")
    with handle:
        file = TreeFile(*put_blob_file(store, handle, size + 1, spool))
    if file.size != size:
        raise NotKeptError("it changes")
    return file
