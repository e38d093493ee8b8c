"""All that repeats a job elsewhere, as one archive: its files, config, versions and command."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy.orm import Session

from app import __version__
from app.core.errors import ConflictError
from app.jobs.access import get_job
from app.jobs.bundle_texts import readme, run_script
from app.jobs.queries import attempts_of, metrics_of
from app.jobs.values import json_value
from app.models import Attempt, Job, Project, Revision, User
from app.storage.blobs import blob_key, get_blob
from app.storage.packing import Member, file_of, pack
from app.storage.store import Store
from app.storage.trees import TreeFile, get_tree
from app.toolchains.base import SOURCE, BadInputError, Recipe, Value
from app.toolchains.recipes import RECIPES

_PLAIN = re.compile(r"[^A-Za-z0-9._]+")
#: What the details of a result say of the tools.
_TOOLS = ("installation", "versions", "pdk")


@dataclass(frozen=True)
class Bundle:
    """What a bundle is made of, as the database has it."""

    job: Job
    project: str
    tree_digest: str
    attempts: list[Attempt]
    metrics: dict[str, Value]

    @classmethod
    def read(cls, session: Session, user: User, job_id: int) -> "Bundle":
        """Read it; NotFoundError when there is no such job for `user`."""
        job = get_job(session, user, job_id)
        return cls(
            job,
            session.get_one(Project, job.project_id).name,
            session.get_one(Revision, job.revision_id).tree_digest,
            attempts_of(session, job),
            metrics_of(session, job),
        )

    @property
    def name(self) -> str:
        """The name of its folder: PROJECT-job-12."""
        project = _PLAIN.sub("-", self.project).strip("-.")[:60]
        return f"{project or 'project'}-job-{self.job.id}"

    def packed(self, store: Store) -> Iterator[bytes]:
        """Return the archive's bytes, one piece after the other.

        FileNotFoundError, now or later, when the store has lost a file; ConflictError when the job
        could never be run.
        """
        tree = get_tree(store, self.tree_digest)
        recipe = self._recipe(store, tree)
        members = _below(self.name, [*self._own_files(recipe), *_sources(store, tree)])
        return pack(members, int(self.job.created_at.timestamp()))

    def _recipe(self, store: Store, tree: dict[str, TreeFile]) -> Recipe:
        job, make = self.job, RECIPES.get(self.job.toolchain)
        if make is None:
            raise ConflictError(f"There is no bundle of a job of {job.toolchain}.")
        try:
            return make(
                job.config, job.details, sorted(tree), lambda path: _read(store, tree[path])
            )
        except BadInputError as error:
            raise ConflictError(
                f"Job {job.id} cannot be repeated: {error.field}: {error.message}"
            ) from error

    def _own_files(self, recipe: Recipe) -> Iterator[Member]:
        metrics = {name: json_value(value) for name, value in self.metrics.items()}
        yield file_of("README.md", readme(self.job, recipe))
        for name, text in recipe.files.items():
            yield file_of(name, text)
        yield file_of("metrics.json", _json(metrics))
        yield file_of("run.sh", run_script(self.job, recipe), is_program=True)
        yield file_of("versions.json", _json(self._versions()))

    def _versions(self) -> dict[str, Any]:
        job = self.job
        return {
            "a6hub": __version__,
            "job": job.id,
            "project": self.project,
            "revision": self.tree_digest,
            "toolchain": job.toolchain,
            "config": job.config,
            **{name: job.details.get(name) for name in _TOOLS},
            "attempts": [
                {"number": one.number, "outcome": one.outcome, "tools": one.tools}
                for one in self.attempts
            ],
        }


def _sources(store: Store, tree: dict[str, TreeFile]) -> Iterator[Member]:
    for path, file in tree.items():
        if path.startswith("/") or ".." in PurePosixPath(path).parts:
            raise ValueError(f"a tree holds the path {path!r}, which leaves the folder")
        yield Member(f"{SOURCE}/{path}", file.size, _chunks(store, file))


def _read(store: Store, file: TreeFile) -> bytes:
    return get_blob(store, file.digest)


def _chunks(store: Store, file: TreeFile) -> Iterator[bytes]:
    yield from store.open(blob_key(file.digest)).chunks


def _below(folder: str, members: list[Member]) -> Iterator[Member]:
    for one in sorted(members, key=lambda member: member.path):
        yield Member(f"{folder}/{one.path}", one.size, one.chunks, one.is_program)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
