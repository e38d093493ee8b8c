"""The folder on the worker's disk in which an attempt is worked on.

work/12-1/job/        what the job sees: source/ and run/ (see app.toolchains.base)
work/12-1/output.log  its log, out of the job's reach
"""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.jobs.states import Claim
from app.storage.store import Store
from app.storage.trees import write_tree
from app.toolchains.base import SOURCE

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

    def create(self) -> None:
        """Make the folder anew."""
        self.remove()
        self.root.mkdir(parents=True)

    def fill(self, store: Store, tree_digest: str) -> None:
        """Make the job's folder anew, with copies of a revision's files in source/."""
        shutil.rmtree(self.job, ignore_errors=True)
        write_tree(store, tree_digest, self.job / SOURCE)

    def remove(self) -> None:
        """Remove the folder and all in it."""
        shutil.rmtree(self.root, ignore_errors=True)


def work_dirs(work_dir: Path) -> Iterator[tuple[Claim, WorkDir]]:
    """Yield the attempts that have a folder below `work_dir`."""
    for path in work_dir.iterdir() if work_dir.is_dir() else ():
        match = _NAME.fullmatch(path.name)
        if match:
            yield Claim(int(match[1]), int(match[2])), WorkDir(path)
