"""A project whose jobs a test starts and looks at while workers come and go."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import func, select

from app.api.application import create_app
from app.core.clock import utcnow
from app.core.security import new_token, token_digest
from app.jobs.context import Context
from app.jobs.logs import read_log
from app.jobs.submit import Request, submit
from app.models import AccessToken, Job, JobStatus, JobType, Project, User
from app.projects.files import Bounds, put_files
from app.projects.revisions import keep_revision
from app.storage.blobs import put_blob
from app.storage.trees import TreeFile, put_tree
from tests.jobs.factories import attempts_of, make_project, make_user, status_of
from tests.system.workers import wait_until

#: Runs until it is killed. It reads from a terminal at whose other end nobody ever is, which, other
#: than a loop, takes no time from what the test is about.
ENDLESS = """
module tb;
  integer nobody, word;
  initial begin
    nobody = $fopen("/dev/ptmx", "r");
    $display("begun");
    $fflush;
    word = $fgetc(nobody);
    $display("ended");
  end
endmodule
"""
SHORT = 'module tb; initial begin $display("begun"); $display("done"); $finish; end endmodule'


#: Short leases, so that a test need not wait long for their end.
FAST = {"A6HUB_LEASE_SECONDS": "3", "A6HUB_HEARTBEAT_SECONDS": "1", "A6HUB_UPKEEP_SECONDS": "0.5"}


class Lab:
    """The project, and a user of it."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.database = context.database
        self.user: User = make_user(context.database)
        self.project: Project = make_project(context.database, self.user)

    def put(self, source: str) -> None:
        """Make it the project's testbench."""
        with self.database.writing() as session:
            digest = put_blob(self.context.store, source.encode())
            put_files(session, self.project, {"tb.v": (digest, len(source))}, Bounds(10, 10_000))

    def simulate(self, source: str, max_seconds: int | None = None) -> int:
        self.put(source)
        request = Request(self.project.id, JobType.SIMULATION, {"top": "tb"}, max_seconds)
        return submit(self.context, self.user, request).id

    def build(self, source: str, **config: Any) -> int:
        """Submit a build of the module `top`."""
        with self.database.writing() as session:
            digest = put_blob(self.context.store, source.encode())
            put_files(session, self.project, {"top.v": (digest, len(source))}, Bounds(10, 10_000))
        wanted = {"DESIGN_NAME": "top", **config}
        return submit(self.context, self.user, Request(self.project.id, JobType.BUILD, wanted)).id

    @contextmanager
    def client(self, **settings: Any) -> Iterator[TestClient]:
        """Yield a client of an API, logged in as the user; `settings`: what is different there."""
        token = self.log_in()
        with TestClient(create_app(self.context.settings.model_copy(update=settings))) as client:
            client.headers["Authorization"] = f"Bearer {token}"
            yield client

    def log_in(self) -> str:
        """Return an access token of the user."""
        token = new_token()
        ends = utcnow() + timedelta(hours=1)
        with self.database.writing() as session:
            session.add(
                AccessToken(user_id=self.user.id, digest=token_digest(token), expires_at=ends)
            )
        return token

    def wait_for(self, job_id: int, status: JobStatus) -> None:
        wait_until(lambda: status_of(self.database, job_id) is status, f"the job is {status}")

    def wait_for_output(self, job_id: int, attempt: int = 1) -> None:
        wait_until(lambda: b"begun" in self.log(job_id, attempt), "the tool says something")

    def log(self, job_id: int, attempt: int = 1) -> bytes:
        return read_log(self.context.store, job_id, attempt, 0, 1 << 20)

    def count(self, status: JobStatus) -> int:
        with self.database.reading() as session:
            query = select(func.count()).select_from(Job).where(Job.status == status)
            return session.scalar(query) or 0

    def outcomes(self, job_id: int) -> list[str | None]:
        return [attempt.outcome for attempt in attempts_of(self.database, job_id)]

    def replace_source(self, job_id: int, source: str) -> None:
        """Have the job's next attempt run something that ends."""
        store = self.context.store
        tree = {"tb.v": TreeFile(put_blob(store, source.encode()), len(source))}
        with self.database.writing() as session:
            revision = keep_revision(session, self.project, put_tree(store, tree))
            session.get_one(Job, job_id).revision_id = revision.id
