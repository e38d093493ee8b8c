"""Clients of the application, each logged in as somebody."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.api.application import create_app
from app.core.clock import utcnow
from app.core.security import hash_password, new_token, token_digest
from app.db.engine import Database
from app.jobs.context import Context
from app.models import AccessToken, User
from tests.api.promised import Promises

PASSWORD = "correct horse battery staple"
#: Hashing is slow on purpose: once is enough for all tests.
PASSWORD_HASH = hash_password(PASSWORD)
SOURCE = b"module tb; initial $finish; endmodule\n"
MakeClient = Callable[[str], TestClient]


def make_login(database: Database, username: str) -> str:
    """Make a user who can log in with PASSWORD, and return an access token of theirs."""
    token = new_token()
    with database.writing() as session:
        user = User(username=username, password_hash=PASSWORD_HASH)
        session.add(user)
        session.flush()
        ends = utcnow() + timedelta(hours=1)
        session.add(AccessToken(user_id=user.id, digest=token_digest(token), expires_at=ends))
    return token


def checked(app: Any) -> TestClient:
    """Return a client whose answers are looked up in the OpenAPI document."""
    client = TestClient(app, raise_server_exceptions=False)
    client.event_hooks["response"].append(Promises.of(app).check)
    return client


@pytest.fixture
def anonymous(context: Context) -> Iterator[TestClient]:
    """A client that is not logged in. Faults of the server are answers, as for a real client."""
    with checked(create_app(context.settings)) as client:
        yield client


@pytest.fixture
def log_in(anonymous: TestClient, context: Context) -> MakeClient:
    """Make a user and return a client of theirs.

    The token is written into the database: checking a password is slow on purpose.
    """

    def make(username: str) -> TestClient:
        client = checked(anonymous.app)
        client.portal = anonymous.portal  # one event loop for all, as in a server
        client.headers["Authorization"] = f"Bearer {make_login(context.database, username)}"
        return client

    return make


@pytest.fixture
def client(log_in: MakeClient) -> TestClient:
    """Ada's client."""
    return log_in("ada")


@pytest.fixture
def project(client: TestClient) -> int:
    """A project of Ada's with one file."""
    project_id = int(client.post("/api/v1/projects", json={"name": "chip"}).json()["id"])
    answer = client.put(f"/api/v1/projects/{project_id}/files/tb.v", content=SOURCE)
    assert answer.status_code == 201
    return project_id
