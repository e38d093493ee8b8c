"""A worker that has lost what a job needs since it last told: a PDK that was taken away, say."""

from dataclasses import replace

from app.core.settings import Settings
from app.jobs.abilities import read_abilities
from app.jobs.context import Context
from app.models import WorkerReport
from app.toolchains.base import BadInputError
from app.toolchains.librelane.installation import find_installation
from app.toolchains.librelane.offer import Offer, with_pdks
from app.toolchains.needs import read_needs


def is_lacking(context: Context, worker: str, needs: str) -> bool:
    """Return whether a worker cannot run jobs with these needs any more; if so, that is told.

    Only for builds: what it has told of them may be some seconds old.
    """
    wanted = read_needs(needs)
    with context.database.writing() as session:
        report = session.get(WorkerReport, worker)
        told = read_abilities(report.abilities) if report else None
        if report is None or told is None or told.offer is None or wanted is None:
            return False
        now = replace(told, offer=_as_it_is(told.offer, context.settings))
        if now.can_run(wanted):
            return False
        report.abilities = now.facts()
        return True


def _as_it_is(told: Offer, settings: Settings) -> Offer | None:
    try:
        find_installation(settings)
        return with_pdks(told, settings)
    except BadInputError:
        return None
