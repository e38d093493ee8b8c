"""The tasks: their names are public, their one argument is a job's id."""

from typing import Any

from app.jobs.attempt import run_attempt
from app.workers.bench import get_bench
from app.workers.celery_app import celery_app
from app.workers.handback import handing_back


@celery_app.task(name="app.workers.tasks.run_build")
def run_build(job_id: int) -> dict[str, Any]:
    """Work on a build, if it is there to be claimed."""
    return _run(job_id)


@celery_app.task(name="app.workers.tasks.run_simulation")
def run_simulation(job_id: int) -> dict[str, Any]:
    """Work on a simulation, if it is there to be claimed."""
    return _run(job_id)


def _run(job_id: int) -> dict[str, Any]:
    with handing_back():
        return run_attempt(get_bench(), job_id)
