"""An a6hub with something of everything, and how two of them are compared."""

from datetime import timedelta
from typing import Any

from sqlalchemy import MetaData, select

from app.core.clock import utcnow
from app.jobs.context import Context
from app.jobs.logs import segment_key
from app.jobs.outcomes import Ending
from app.jobs.states import extend, finish
from app.jobs.tallies import BACKUP_AT
from app.models import AccessToken, Artifact, JobStatus, KeptStep, Metric, ProjectFile
from app.storage.blobs import digest_of, put_blob
from app.storage.trees import TreeFile, put_tree
from tests.jobs.factories import claim_job, job_of, make_job, make_project, make_user

LAYOUT = b"a layout" * 1000
#: What a restore settles; all else has to be as it was.
_SETTLED = {"workers", "upkeep_leases", "access_tokens", "holds", "outbox", "alembic_version"}
_JOB_SETTLED = {"status", "worker", "lease_until", "current_step"}
_ATTEMPT_SETTLED = {"ended_at", "outcome", "message"}


class Filled:
    """Fills an a6hub. `done`, `waiting` and `running` are jobs."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.user = make_user(context.database, "ada \\ \t größe")
        self._add_project()
        self.done, self.waiting, self.running = (self._job(name) for name in (b"a", b"b", b"c"))
        self._finish(self.done)
        claim_job(context.database, self.running, "host:1/2")
        context.store.put(segment_key(self.running, 1, 0), b"begun\n")

    def _add_project(self) -> None:
        project = make_project(self.context.database, self.user, "with files")
        digest = put_blob(self.context.store, b"module tb; endmodule")
        ends = utcnow() + timedelta(hours=1)
        with self.context.database.writing() as session:
            session.add(ProjectFile(project_id=project.id, path="tb.v", digest=digest, size=20))
            session.add(AccessToken(user_id=self.user.id, digest="d" * 64, expires_at=ends))

    def _job(self, source: bytes) -> int:
        digest = put_blob(self.context.store, source)
        tree = put_tree(self.context.store, {"tb.v": TreeFile(digest, len(source))})
        return make_job(self.context.database, tree_digest=tree)

    def _finish(self, job_id: int) -> None:
        store, mine = self.context.store, claim_job(self.context.database, job_id, "host:1/3")
        key = f"jobs/{job_id}/attempts/1/artifacts/chip.gds"
        store.put(key, LAYOUT)
        store.put(segment_key(job_id, 1, 0), b"all is said\n")
        kept = put_tree(store, {"x": TreeFile(put_blob(store, b"of a step"), 9)})
        rows: list[Any] = [
            Artifact(
                job_id=job_id,
                attempt=1,
                name="chip.gds",
                kind="layout",
                size=len(LAYOUT),
                digest=digest_of(LAYOUT),
                key=key,
            ),
            Metric(job_id=job_id, name="area", value="inf"),
            KeptStep(job_id=job_id, attempt=1, step="A.One", folder="run/01", tree_digest=kept),
        ]
        with self.context.database.writing() as session:
            assert extend(session, mine, 30) is False
            assert finish(session, mine, Ending(JobStatus.COMPLETED, "Good\\N."), {"a": [1, None]})
            session.add_all(rows)


def rows_of(context: Context) -> dict[str, list[dict[str, Any]]]:
    """Return the rows that a restore must not change, by table."""
    tables = MetaData()
    with context.database.engine.connect() as connection:
        tables.reflect(connection)
        return {
            table.name: [
                _lasting(table.name, dict(row))
                for row in connection.execute(
                    select(table).order_by(*table.primary_key.columns)
                ).mappings()
                # When a backup was made is noted after it.
                if row.get("name") != BACKUP_AT[0]
            ]
            for table in tables.sorted_tables
            if table.name not in _SETTLED
        }


def objects_of(context: Context) -> dict[str, bytes]:
    """Return all that is in the store."""
    return {key: context.store.get(key) for key in context.store.keys("") if "health" not in key}


def was_running(context: Context, job_id: int) -> bool:
    """Return whether the job waits again after its attempt was handed back."""
    return job_of(context.database, job_id).status == JobStatus.PENDING


def _lasting(table: str, row: dict[str, Any]) -> dict[str, Any]:
    ran = table == "jobs" and row["status"] in ("running", "pending")
    if ran or (table == "attempts" and row["outcome"] in (None, "released")):
        gone = _JOB_SETTLED if ran else _ATTEMPT_SETTLED
        return {name: value for name, value in row.items() if name not in gone}
    return row
