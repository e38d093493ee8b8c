"""Clients of the application, each logged in as somebody."""

from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient

from app.api.application import create_app
from app.core.security import hash_password
from app.jobs.context import Context
from app.models import User

PASSWORD = "correct horse battery staple"
#: Hashing is slow on purpose: once is enough for all tests.
PASSWORD_HASH = hash_password(PASSWORD)
SOURCE = b"module tb; initial $finish; endmodule\n"
MakeClient = Callable[[str], TestClient]


@pytest.fixture
def anonymous(context: Context) -> Iterator[TestClient]:
    """A client that is not logged in. Faults of the server are answers, as for a real client."""
    with TestClient(create_app(context.settings), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def log_in(anonymous: TestClient, context: Context) -> MakeClient:
    """Make a user and return a client of theirs."""

    def make(username: str) -> TestClient:
        with context.database.writing() as session:
            session.add(User(username=username, password_hash=PASSWORD_HASH))
        form = {"username": username, "password": PASSWORD}
        token = anonymous.post("/api/v1/auth/login", data=form).json()["access_token"]
        client = TestClient(anonymous.app, raise_server_exceptions=False)
        client.headers["Authorization"] = f"Bearer {token}"
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
