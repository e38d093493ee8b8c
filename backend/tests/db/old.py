"""A database as the first a6hub left it: rows written without any of today's models."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import MetaData, select

from app.core.clock import utcnow
from app.core.security import token_digest
from app.db.engine import Database

FIRST = "0001"
TOKEN = "of the first a6hub"
#: One that has ended, one that waits, one that runs in its second attempt.
DONE, WAITING, RUNNING = 1, 2, 3
Rows = dict[str, list[dict[str, Any]]]


def fill(database: Database, tree_digest: str, file_digest: str) -> None:
    """Write rows into each table of the first schema that keeps anything."""
    now = utcnow() - timedelta(days=3)
    tables = tables_of(database)
    rows = _people(now, file_digest) | _jobs(now, tree_digest)
    with database.engine.begin() as connection:
        for table in tables.sorted_tables:
            if table.name in rows:
                connection.execute(table.insert(), rows[table.name])
        if connection.dialect.name == "postgresql":
            for name in rows.keys() - {"outbox"}:  # as if the ids had been given by the server
                connection.exec_driver_sql(f"SELECT setval('{name}_id_seq', 100)")


def tables_of(database: Database) -> MetaData:
    tables = MetaData()
    tables.reflect(database.engine)
    return tables


def rows_of(database: Database) -> Rows:
    """Return all rows, by table."""
    with database.engine.connect() as connection:
        return {
            table.name: [
                dict(row)
                for row in connection.execute(
                    select(table).order_by(*table.primary_key.columns)
                ).mappings()
            ]
            for table in tables_of(database).sorted_tables
            if table.name != "alembic_version"
        }


def as_before(rows: Rows, before: Rows) -> Rows:
    """Return of `rows` what there was before: the same tables and columns."""
    columns = {name: before[name][0].keys() for name in before if before[name]}
    return {
        name: [{key: row[key] for key in columns.get(name, ())} for row in rows[name]]
        for name in before
    }


def _people(now: datetime, file_digest: str) -> Rows:
    ends = utcnow() + timedelta(days=1)
    user = {"username": "ada", "password_hash": "-", "is_admin": True, "is_active": True}
    token = {"user_id": 1, "digest": token_digest(TOKEN), "created_at": now, "expires_at": ends}
    project = {"owner_id": 1, "name": "größe", "description": "", "visibility": "private"}
    file = {"path": "tb.v", "digest": file_digest, "size": 20, "updated_at": now}
    return {
        "users": [{"id": 1, **user, "created_at": now}],
        "access_tokens": [{"id": 1, **token}],
        "projects": [{"id": 1, **project, "created_at": now}],
        "project_files": [{"id": 1, "project_id": 1, **file}],
    }


def _jobs(now: datetime, tree_digest: str) -> Rows:
    common = {
        "project_id": 1,
        "revision_id": 1,
        "user_id": 1,
        "job_type": "simulation",
        "toolchain": "icarus",
        "config": {"top": "tb"},
        "max_seconds": 60,
        "cancel_requested": False,
        "created_at": now,
    }
    none = dict.fromkeys(("worker", "lease_until", "message", "verdict", "started_at", "ended_at"))
    done = {"attempt": 1, "worker": "old:1/2", "message": "Good.", "verdict": "passed"}
    running = {"attempt": 2, "worker": "old:1/3", "lease_until": utcnow() + timedelta(hours=1)}
    tries = [(DONE, 1, "completed"), (RUNNING, 1, "lost"), (RUNNING, 2, None)]
    key = f"jobs/{DONE}/attempts/1/artifacts/a.vcd"
    return {
        "revisions": [{"id": 1, "project_id": 1, "tree_digest": tree_digest, "created_at": now}],
        "jobs": [
            {**common, **none, "id": DONE, "status": "completed", **done, "ended_at": now},
            {**common, **none, "id": WAITING, "status": "pending", "attempt": 0},
            {**common, **none, "id": RUNNING, "status": "running", **running},
        ],
        "attempts": [
            {
                "id": number,
                "job_id": job,
                "number": attempt,
                "worker": "old:1/2",
                "started_at": now,
                "ended_at": now if outcome else None,
                "outcome": outcome,
            }
            for number, (job, attempt, outcome) in enumerate(tries, start=1)
        ],
        "steps": [
            {
                "id": 1,
                "job_id": DONE,
                "attempt": 1,
                "ordinal": 1,
                "step": "run",
                "name": "Run",
                "status": "completed",
                "started_at": now,
                "seconds": 1.5,
            }
        ],
        "artifacts": [
            {
                "id": 1,
                "job_id": DONE,
                "attempt": 1,
                "name": "a.vcd",
                "kind": "waveform",
                "size": 5,
                "digest": "d" * 64,
                "key": key,
            }
        ],
        "metrics": [{"id": 1, "job_id": DONE, "name": "cycles", "value": "inf"}],
        "outbox": [{"job_id": WAITING, "queue": "simulation", "created_at": now}],
    }
