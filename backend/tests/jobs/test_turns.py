"""Whose turn it is when many wait."""

import threading
from collections import Counter

from app.core.clock import utcnow
from app.db.engine import Database
from app.jobs.claims import Claim
from app.jobs.outcomes import Ending
from app.jobs.states import finish
from app.jobs.turns import Taker, admissible, claim_next, waiting_users
from app.models import Job, JobStatus, JobType, OutboxMessage, Priority, User
from tests.jobs.factories import job_of, make_job, make_user

SIMULATION = JobType.SIMULATION


def begin(database: Database, limit: int = 100, queue: JobType = SIMULATION) -> int | None:
    """Return the job that begins next."""
    mine = claim_next(database, queue, Taker("w1", "task", 30, limit))
    return mine.job_id if mine else None


def end(database: Database, job: int | None) -> None:
    assert job is not None
    with database.writing() as session:
        number = session.get_one(Job, job).attempt
        assert finish(session, Claim(job, number), Ending(JobStatus.COMPLETED, "Done."))


def make_jobs(database: Database, user: User, count: int) -> list[int]:
    return [make_job(database, user=user) for _ in range(count)]


def test_where_nobody_waits_nothing_begins(database: Database) -> None:
    make_job(database, job_type=JobType.BUILD)
    assert begin(database) is None


def test_a_users_jobs_begin_in_their_order(database: Database) -> None:
    jobs = make_jobs(database, make_user(database), 3)
    assert [begin(database) for _ in range(4)] == [*jobs, None]
    assert job_of(database, jobs[0]).celery_task_id == "task"


def test_the_one_job_of_another_is_next_however_many_wait(database: Database) -> None:
    ada, bob = make_user(database, "ada"), make_user(database, "bob")
    many = make_jobs(database, ada, 50)
    assert begin(database) == many[0]
    [one] = make_jobs(database, bob, 1)
    assert begin(database) == one


def test_users_take_turns(database: Database) -> None:
    names = ("ada", "bob", "cid")
    jobs = {name: make_jobs(database, make_user(database, name), 3) for name in names}
    owner = {job: name for name, own in jobs.items() for job in own}
    order = []
    for _ in range(9):
        job = begin(database)
        end(database, job)
        order.append(owner[job or 0])
    assert [Counter(order[at : at + 3]) for at in (0, 3, 6)] == [Counter(names)] * 3


def test_who_has_less_running_is_first(database: Database) -> None:
    ada, bob = make_user(database, "ada"), make_user(database, "bob")
    make_jobs(database, ada, 3)
    first = begin(database)
    begin(database)
    bobs = make_jobs(database, bob, 3)
    assert [begin(database), begin(database)] == bobs[:2]
    end(database, first)
    assert job_of(database, begin(database) or 0).user_id == ada.id


def test_a_user_has_at_most_so_many_running(database: Database) -> None:
    ada, bob = make_user(database, "ada"), make_user(database, "bob")
    mine, [other] = make_jobs(database, ada, 4), make_jobs(database, bob, 1)
    assert {begin(database, 2) for _ in range(3)} == {*mine[:2], other}
    assert begin(database, 2) is None
    end(database, mine[0])
    assert begin(database, 2) == mine[2]


def test_the_limit_is_of_each_type(database: Database) -> None:
    ada = make_user(database)
    make_jobs(database, ada, 2)
    build = make_job(database, user=ada, job_type=JobType.BUILD)
    assert begin(database, 1)
    assert begin(database, 1, JobType.BUILD) == build


def test_priorities_rank_the_jobs_of_a_user_not_users(database: Database) -> None:
    ada, bob = make_user(database, "ada"), make_user(database, "bob")
    low = make_job(database, user=ada, priority=Priority.LOW)
    [normal] = make_jobs(database, ada, 1)
    high = make_job(database, user=ada, priority=Priority.HIGH)
    [first] = make_jobs(database, bob, 1)
    begun = [begin(database) for _ in range(4)]
    assert [job for job in begun if job != first] == [high, normal, low]
    assert begun.index(first) <= 1


def test_of_many_that_take_at_once_none_goes_over_the_limit(database: Database) -> None:
    ada, bob = make_user(database, "ada"), make_user(database, "bob")
    jobs = [*make_jobs(database, ada, 6), *make_jobs(database, bob, 6)]
    barrier, taken = threading.Barrier(8), list[int | None]()

    def take() -> None:
        barrier.wait()
        taken.extend([begin(database, 3), begin(database, 3)])

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    begun = [job for job in taken if job is not None]
    assert len(begun) == len(set(begun)) == 6
    assert set(begun) <= set(jobs)
    assert set(Counter(job_of(database, job).user_id for job in begun).values()) == {3}


def test_who_waits_is_found_once(database: Database) -> None:
    users = [make_user(database, name) for name in ("ada", "bob", "cid")]
    for user in users:
        make_jobs(database, user, 2)
    with database.reading() as session:
        assert waiting_users(session, "simulation") == [user.id for user in users]
        assert waiting_users(session, "build") == []


def _sent(database: Database, jobs: list[int]) -> None:
    with database.writing() as session:
        for job in jobs:
            session.get_one(OutboxMessage, job).published_at = utcnow()


def _admissible(database: Database, user: User, limit: int) -> list[int]:
    with database.reading() as session:
        return admissible(session, "simulation", user.id, limit)


def test_messages_and_running_jobs_together_are_limited(database: Database) -> None:
    ada = make_user(database)
    jobs = make_jobs(database, ada, 5)
    assert _admissible(database, ada, 3) == jobs[:3]
    _sent(database, jobs[:2])
    assert _admissible(database, ada, 3) == jobs[2:3]
    begin(database, 3)
    assert _admissible(database, ada, 3) == jobs[2:3]
    end(database, jobs[0])
    assert _admissible(database, ada, 3) == jobs[2:4]


def test_a_job_that_overtakes_uses_up_the_message_of_another(database: Database) -> None:
    ada = make_user(database)
    jobs = make_jobs(database, ada, 2)
    _sent(database, jobs)
    high = make_job(database, user=ada, priority=Priority.HIGH)
    assert begin(database, 2) == high
    assert _admissible(database, ada, 3) == [jobs[1]]
