"""The tasks: their names are public, their one argument is the id of a job that waits.

A message says that there is work, not which: the job whose turn it is begins (`app.jobs.turns`).
"""

from typing import Any

from celery import Task

from app.jobs.broker import PASSED
from app.jobs.taking import Message, run_next
from app.models import JobType
from app.workers.bench import get_bench
from app.workers.celery_app import celery_app
from app.workers.handback import handing_back


@celery_app.task(name="app.workers.tasks.run_build", bind=True)
def run_build(self: Task[[int], dict[str, Any]], job_id: int) -> dict[str, Any]:
    """Work on the build whose turn it is, if there is one."""
    return _run(JobType.BUILD, self, job_id)


@celery_app.task(name="app.workers.tasks.run_simulation", bind=True)
def run_simulation(self: Task[[int], dict[str, Any]], job_id: int) -> dict[str, Any]:
    """Work on the simulation whose turn it is, if there is one."""
    return _run(JobType.SIMULATION, self, job_id)


def _run(queue: JobType, task: Task[[int], dict[str, Any]], job_id: int) -> dict[str, Any]:
    passed = int((task.request.headers or {}).get(PASSED, 0))
    with handing_back():
        return run_next(get_bench(), queue, Message(task.request.id, job_id, passed))
