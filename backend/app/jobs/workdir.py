"""The folder on the worker's disk in which an attempt is worked on.

work/12-1/job/        what the job sees: source/ and run/ (see app.toolchains.base)
work/12-1/output.log  its log, out of the job's reach
work/12-1.lock        held by the process that works on it, and so a sign of its life
"""

import fcntl
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.core.locks import is_locked
from app.executors.folders import remove
from app.jobs.claims import Claim
from app.storage.store import Store
from app.storage.trees import write_tree
from app.toolchains.base import SOURCE

_JOB, _ATTEMPT = "a6hub.job", "a6hub.attempt"
_NAME = re.compile(r"(\d+)-(\d+)")


@dataclass(frozen=True)
class WorkDir:
    """The paths of one attempt's folder."""

    root: Path

    @classmethod
    def of(cls, work_dir: Path, claim: Claim) -> "WorkDir":
        """Return the folder of an attempt below the worker's `work_dir`."""
        return cls(work_dir / f"{claim.job_id}-{claim.attempt}")

    @property
    def job(self) -> Path:
        """The job's own folder."""
        return self.root / "job"

    @property
    def log(self) -> Path:
        """The log's file."""
        return self.root / "output.log"

    @property
    def lock(self) -> Path:
        """The file that is held while the attempt is worked on."""
        return self.root.with_name(f"{self.root.name}.lock")

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make the folder anew, hold it, and remove it at the end.

        The kernel lets go of the lock when this process ends, however it ends. It is taken before
        there is a folder: a folder that nobody holds belongs to the dead.
        """
        self.root.parent.mkdir(parents=True, exist_ok=True)
        with self.lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            remove(self.root)
            self.root.mkdir()
            try:
                yield
            finally:
                self.remove()

    def is_held(self) -> bool:
        """Return whether a process works on the attempt."""
        return is_locked(self.lock)

    def fill(self, store: Store, tree_digest: str) -> None:
        """Make the job's folder anew, with copies of a revision's files in source/."""
        remove(self.job)
        write_tree(store, tree_digest, self.job / SOURCE)

    def remove(self) -> None:
        """Remove the folder and all in it."""
        remove(self.root)
        self.lock.unlink(missing_ok=True)


def work_dirs(work_dir: Path) -> Iterator[tuple[Claim, WorkDir]]:
    """Yield the attempts of which anything is left below `work_dir`."""
    names = {path.name.removesuffix(".lock") for path in _entries(work_dir)}
    for match in filter(None, map(_NAME.fullmatch, sorted(names))):
        yield Claim(int(match[1]), int(match[2])), WorkDir(work_dir / match[0])


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def labels_of(claim: Claim) -> dict[str, str]:
    """Return how executors name what belongs to an attempt outside its folder."""
    return {_JOB: str(claim.job_id), _ATTEMPT: str(claim.attempt)}


def claim_of(labels: Mapping[str, str]) -> Claim:
    """Return the attempt that labels name."""
    return Claim(int(labels[_JOB]), int(labels[_ATTEMPT]))
