"""The users: they submit, cancel and watch jobs over HTTP while the site is being broken."""

import itertools
import random
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self, TypeVar

from app.cli.client import PASSING_ERRORS, Client, RefusedError
from tests.chaos.designs import FILE, KINDS, Kind
from tests.chaos.site import PASSWORD, USERS, Site

#: One job in so many is watched live from its submission to its end.
WATCHED = 10
#: How long the users try again, in seconds, and how often.
PATIENCE_SECONDS = 180.0
RETRY_SECONDS = 0.2
#: How many APIs are asked in turn for what happens to a job; each is waited for by the client.
FOLLOWS = 4
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
        self._given_up = threading.Event()

    def __enter__(self) -> Self:
        """Begin."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End, also a run that was given up in its midst, and close the connections.

        Who watches a job that does not end is left: the connection is closed under the thread.
        """
        self._given_up.set()
        for thread in self._threads:
            thread.join()
        for user in self._users:
            user.close()

    def join(self) -> None:
        """Return when all has been submitted and what was watched has ended."""
        for threads in (self._threads, self._watchers):  # the first begin the others
            for thread in threads:
                thread.join()

    def _guarded(self, work: Callable[..., None], *arguments: Any) -> None:
        try:
            work(*arguments)
        except Exception as error:  # noqa: BLE001 - whatever it is, the run has failed for it
            self.seen.faults.append(f"{work.__name__}{arguments}: {error!r}")

    def _work(self, number: int) -> None:
        """Be one user: submit a share of the jobs, evenly over the time."""
        chance = random.Random(f"{self._seed} {number}")
        user = User(self._site, number, self._given_up)
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
                self._given_up.wait(chance.uniform(0, 2 * self._pause))
                user.cancel(job_id)
            due = began + (count // len(USERS) + 1) * self._pause
            if self._given_up.wait(max(0.0, due - time.monotonic())):
                return

    def _watch(self, user: "User", job_id: int) -> None:
        watched = self.seen.watched[job_id] = Watched()
        thread = threading.Thread(
            target=self._guarded, args=(user.follow, job_id, watched), daemon=True
        )
        self._watchers.append(thread)
        thread.start()


class User:
    """Somebody who does not give up: what fails for an API that is away is asked of the other."""

    def __init__(self, site: Site, number: int, give_up: threading.Event) -> None:
        self._number, name = number, USERS[number]
        self._give_up = give_up
        with ExitStack() as stack:
            logins = []
            for url in site.urls:
                logins.append(self._retried(partial(Client.log_in, url, name, PASSWORD)))
                stack.callback(logins[-1].close)
            self._clients = itertools.cycle(logins)
            self._project = self._ask(self._make_project)
            self._connections = stack.pop_all()

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()

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
        """Watch a job to its end; each byte has to come once, in order.

        The client itself goes on where it was. If its API stays away another one is asked, anew.
        """
        for _ in range(FOLLOWS):
            watched.texts.clear()
            try:
                return self._follow(next(self._clients), job_id, watched)
            except PASSING_ERRORS as error:
                last = error
        raise last

    def _follow(self, client: Client, job_id: int, watched: Watched) -> None:
        for kind, data in client.follow(job_id):
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
        return self._retried(lambda: question(next(self._clients)))

    def _retried(self, action: Callable[[], T]) -> T:
        """Return action(), done again while the API is away."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return action()
            except PASSING_ERRORS:
                if time.monotonic() > deadline or self._give_up.wait(RETRY_SECONDS):
                    raise
