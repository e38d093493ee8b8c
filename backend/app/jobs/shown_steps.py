"""Writing an attempt's steps into the database while they go on."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert
from sqlalchemy.orm import Session

from app.db.base import table_of
from app.jobs.claims import Claim
from app.jobs.states import set_current_step
from app.jobs.steps import current_step
from app.jobs.values import clean, json_value
from app.models import Step
from app.toolchains.base import StepReport


class ShownSteps:
    """An attempt's steps as the database has them: only what changes is written."""

    def __init__(self, mine: Claim) -> None:
        self._mine = mine
        self._shown: list[StepReport] = []

    @property
    def steps(self) -> list[StepReport]:
        """Those that are written."""
        return self._shown

    def differ(self, steps: list[StepReport]) -> bool:
        """Return whether there is anything to write."""
        return steps != self._shown

    def show(self, session: Session, steps: list[StepReport]) -> bool:
        """Write the steps of a running attempt; False when the job is not ours (any more)."""
        name = current_step(steps)
        if name is not None and not set_current_step(session, self._mine, name):
            return False
        self.write(session, steps)
        return True

    def write(self, session: Session, steps: list[StepReport]) -> None:
        """Write the steps; whoever calls it has seen that the job is ours."""
        shown = dict(enumerate(self._shown, start=1))
        new = dict(enumerate(steps, start=1))
        changed = [n for n in shown.keys() | new.keys() if shown.get(n) != new.get(n)]
        if changed:
            names = {"job": self._mine.job_id, "number": self._mine.attempt, "changed": changed}
            session.execute(_DELETE, names)
        rows = [_row(self._mine, n, new[n]) for n in sorted(changed) if n in new]
        if rows:
            session.execute(_INSERT, rows)

    def written(self, steps: list[StepReport]) -> None:
        """Note that what was written is committed."""
        self._shown = steps


_steps = table_of(Step)
_DELETE = delete(_steps).where(
    _steps.c.job_id == bindparam("job"),
    _steps.c.attempt == bindparam("number"),
    _steps.c.ordinal.in_(bindparam("changed", expanding=True)),
)
_INSERT = insert(_steps)


def _row(mine: Claim, ordinal: int, step: StepReport) -> dict[str, Any]:
    row = {
        "job_id": mine.job_id,
        "attempt": mine.attempt,
        "ordinal": ordinal,
        "step": step.step,
        "name": step.name,
        "status": step.status,
        "started_at": _moment(step.started_at),
        "seconds": step.seconds,
        "cpu_seconds": step.cpu_seconds,
        "peak_memory_bytes": step.peak_memory_bytes,
        "disk_bytes": step.disk_bytes,
        "exit_code": step.exit_code,
        "folder": step.folder,
        "warning_count": step.warning_count,
        "error_count": step.error_count,
        "notes": {"warnings": list(step.warnings), "errors": list(step.errors)},
        "metric_changes": {
            name: [json_value(old), json_value(new)]
            for name, (old, new) in step.metric_changes.items()
        },
    }
    return {column: clean(value) for column, value in row.items()}


def _moment(unix: float | None) -> datetime | None:
    """Return a Unix time; None for one beyond all calendars: a job's files may have any."""
    try:
        return None if unix is None else datetime.fromtimestamp(unix, UTC)
    except (ValueError, OverflowError, OSError):
        return None
