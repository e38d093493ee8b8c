"""The users: they submit, cancel and watch jobs over HTTP while the site is being broken."""

import itertools
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from app.cli.client import PASSING_ERRORS, Client, RefusedError
from tests.chaos.designs import FILE, KINDS, Kind
from tests.chaos.site import PASSWORD, USERS, Site

#: One job in so many is watched live from its submission to its end.
WATCHED = 10
#: How long the users try again, in seconds, and how often.
PATIENCE_SECONDS = 60.0
RETRY_SECONDS = 0.2
T = TypeVar("T")


@dataclass
class Watched:
    """What somebody who follows a job has seen: attempt -> its text; and the state at the end."""

    texts: dict[int, str] = field(default_factory=dict)
    end: dict[str, Any] = field(default_factory=dict)


@dataclass
class Seen:
    """What the users know when all is over."""

    accepted: dict[int, Kind] = field(default_factory=dict)
    watched: dict[int, Watched] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


class Load:
    """The users at work, each in threads of their own."""

    def __init__(self, site: Site, seed: int, jobs: int, seconds: float) -> None:
        self.seen = Seen()
        self._site = site
        self._seed = seed
        self._jobs = jobs
        self._pause = len(USERS) * seconds / jobs
        self._threads = [
            threading.Thread(target=self._guarded, args=(self._work, number), daemon=True)
            for number in range(len(USERS))
        ]
        self._watchers: list[threading.Thread] = []
        self._users: list[User] = []

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Return when all has been submitted and what was watched has ended."""
        for thread in (*self._threads, *self._watchers):
            thread.join()
        for user in self._users:
            user.close()

    def _guarded(self, work: Callable[..., None], *arguments: Any) -> None:
        try:
            work(*arguments)
        except Exception as error:  # noqa: BLE001 - whatever it is, the run has failed for it
            self.seen.faults.append(f"{work.__name__}{arguments}: {error!r}")

    def _work(self, number: int) -> None:
        """Be one user: submit a share of the jobs, evenly over the time."""
        chance = random.Random(f"{self._seed} {number}")
        user = User(self._site, number)
        self._users.append(user)
        kinds = [kind for kind in KINDS for _ in range(kind.share)]
        began = time.monotonic()
        for count in range(number, self._jobs, len(USERS)):
            kind = chance.choice(kinds)
            job_id = user.submit(kind)
            self.seen.accepted[job_id] = kind
            if count % WATCHED == 0:
                self._watch(user, job_id)
            if kind.status == "cancelled":
                time.sleep(chance.uniform(0, 2 * self._pause))
                user.cancel(job_id)
            due = began + (count // len(USERS) + 1) * self._pause
            time.sleep(max(0.0, due - time.monotonic()))

    def _watch(self, user: "User", job_id: int) -> None:
        watched = self.seen.watched[job_id] = Watched()
        thread = threading.Thread(
            target=self._guarded, args=(user.follow, job_id, watched), daemon=True
        )
        self._watchers.append(thread)
        thread.start()


class User:
    """Somebody who does not give up: what fails for an API that is away is asked of the other."""

    def __init__(self, site: Site, number: int) -> None:
        self._number, name = number, USERS[number]
        logins = [_retried(partial(Client, url, name, PASSWORD)) for url in site.urls]
        self._logins = logins
        self._clients = itertools.cycle(logins)
        self._project = self._ask(self._make_project)

    def close(self) -> None:
        """Close the connections."""
        for client in self._logins:
            client.close()

    def submit(self, kind: Kind) -> int:
        """Submit a simulation and return its id."""
        config = {"top": kind.top}
        return self._ask(lambda client: client.submit(self._project, "simulation", config))

    def cancel(self, job_id: int) -> None:
        """Cancel a job; one that has failed meanwhile is left alone."""
        try:
            self._ask(lambda client: client.cancel(job_id))
        except RefusedError as error:
            if error.status != 409:
                raise

    def follow(self, job_id: int, watched: Watched) -> None:
        """Watch a job to its end; each byte has to come once, in order."""
        for kind, data in next(self._clients).follow(job_id):
            if kind == "log":
                text = watched.texts.setdefault(data["attempt"], "")
                assert data["offset"] == len(text), f"job {job_id}: a gap before {data}"
                watched.texts[data["attempt"]] = text + data["text"]
            if kind == "end":
                watched.end = data

    def _make_project(self, client: Client) -> int:
        project = client.create_project(f"project {self._number} {time.time()}")
        client.put_file(project, "all.v", FILE.encode())
        return project

    def _ask(self, question: Callable[[Client], T]) -> T:
        return _retried(lambda: question(next(self._clients)))


def _retried(action: Callable[[], T]) -> T:
    """Return action(), done again while the API is away."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return action()
        except PASSING_ERRORS:
            if time.monotonic() > deadline:
                raise
            time.sleep(RETRY_SECONDS)
