"""Messages that a worker sends because it cannot begin every job.

A worker that can run none of the waiting jobs uses a message up. While there are jobs that another
could run, it passes the message on, as often as each live worker may have had it twice (one that
has just become free asks a moment later than those that idle); then the relay sends it anew. Idle
workers thus use up what is meant for busy ones, so a worker that has ended a job sends itself
another message if there is a job that not all workers could begin (`call_again`).
"""

from contextlib import suppress

from app.jobs.abilities import can_run, live_abilities, of_queue, runnable
from app.jobs.broker import BROKER_ERRORS
from app.jobs.context import Context
from app.jobs.patience import OUTAGES
from app.jobs.turns import Taker, first_for, kinds, unfit


def pass_on(context: Context, queue: str, taker: Taker, job_id: int, passed: int) -> None:
    """Send a message on that has found nothing for this worker, if there is some for another.

    `passed`: how often that was done with it.
    """
    with suppress(*OUTAGES, *BROKER_ERRORS):  # then the relay will
        with context.database.reading() as session:
            for_others = unfit(session, taker, kinds(session, queue))
            may = bool(for_others) and passed < 2 * (len(live_abilities(session)) - 1)
            could = runnable(session, queue, for_others) if may else []
        if could:
            context.broker.send(job_id, queue, passed + 1)


def call_again(context: Context, queue: str, taker: Taker) -> None:
    """Send a message for a job that a worker can begin which has just ended another.

    Not where all workers can run it: then nobody has used its message up.
    """
    with suppress(*OUTAGES, *BROKER_ERRORS):  # then the relay will
        with context.database.reading() as session:
            first = first_for(session, queue, taker)
            live = of_queue(live_abilities(session), queue) if first else []
            is_rare = first is not None and not all(can_run(one, first.needs) for one in live)
        if first is not None and is_rare:
            context.broker.send(first.job_id, queue)
