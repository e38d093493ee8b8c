"""Builds as rows, with all that pages and reports show of one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from app.core.clock import utcnow
from app.jobs.claims import Claim
from app.jobs.context import Context
from app.jobs.outcomes import Ending
from app.jobs.states import finish
from app.models import Artifact, Job, JobStatus, JobType, KeptStep, Metric, Project, Step, User
from app.storage.blobs import put_blob
from app.storage.trees import TreeFile, put_tree
from tests.jobs.factories import claim_job, make_job

CONFIG = {
    "flow": "Offline",
    "pdk": None,
    "pdk_version": None,
    "config_file": None,
    "variables": {"DESIGN_NAME": "top"},
    "from": None,
    "to": None,
    "keep": "final",
}


@dataclass
class Outcome:
    """What a build came to."""

    status: JobStatus = JobStatus.COMPLETED
    verdict: str | None = "clean"
    message: str = "Finished without violations."
    details: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, str] = field(default_factory=dict)
    #: Name -> content; the kind is the ending.
    artifacts: dict[str, bytes] = field(default_factory=dict)


def begin_build(context: Context, user: User, steps: Sequence[dict[str, Any]]) -> Claim:
    """Make a build that runs, with `steps` (columns of each); those that have ended are kept."""
    store = context.store
    source = b"module top; endmodule\n"
    tree = put_tree(store, {"top.v": TreeFile(put_blob(store, source), len(source))})
    job_id = make_job(
        context.database, tree_digest=tree, toolchain="librelane", job_type=JobType.BUILD, user=user
    )
    mine = claim_job(context.database, job_id, lease=3600)
    with context.database.writing() as session:
        job = session.get_one(Job, job_id)
        job.config, job.started_at = CONFIG, utcnow() - timedelta(seconds=30)
        for ordinal, columns in enumerate(steps, start=1):
            row = {"name": columns["step"], "folder": f"run/build/{ordinal}", **columns}
            session.add(Step(job_id=job_id, attempt=1, ordinal=ordinal, **row))
            if row["status"] == "completed":
                session.add(_kept(context, job_id, row))
    return mine


def end_build(context: Context, mine: Claim, outcome: Outcome) -> int:
    """End a build; return its id."""
    with context.database.writing() as session:
        ending = Ending(outcome.status, outcome.message, None, outcome.verdict)
        assert finish(session, mine, ending, outcome.details)
        for name, value in outcome.metrics.items():
            session.add(Metric(job_id=mine.job_id, name=name, value=value))
        for name, data in outcome.artifacts.items():
            session.add(_artifact(context, mine.job_id, name, data))
    return mine.job_id


def rename_project(context: Context, job_id: int, name: str) -> None:
    with context.database.writing() as session:
        job = session.get_one(Job, job_id)
        session.get_one(Project, job.project_id).name = name


def _kept(context: Context, job_id: int, row: dict[str, Any]) -> KeptStep:
    data = f"log of {row['step']}\n".encode()
    files = {
        "out/view.def": TreeFile(put_blob(context.store, b"def"), 3),
        "step.log": TreeFile(put_blob(context.store, data), len(data)),
    }
    tree = put_tree(context.store, files)
    return KeptStep(
        job_id=job_id, attempt=1, step=row["step"], folder=row["folder"], tree_digest=tree
    )


def _artifact(context: Context, job_id: int, name: str, data: bytes) -> Artifact:
    key = f"jobs/{job_id}/{put_blob(context.store, data)}"
    context.store.put(key, data)
    kinds = {"png": "picture", "rpt": "report"}
    ending = name.rpartition(".")[2]
    return Artifact(
        job_id=job_id,
        attempt=1,
        name=name,
        kind=kinds.get(ending, ending),
        size=len(data),
        digest="0" * 64,
        key=key,
    )
