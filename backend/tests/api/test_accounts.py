"""Logging in and out, and what is refused."""

from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app.accounts import guard
from app.api.deps import SESSION_COOKIE
from app.core.clock import utcnow
from app.jobs.context import Context
from app.models import AccessToken, User
from tests.api.conftest import PASSWORD, MakeClient
from tests.api.problems import assert_problem


def test_me(client: TestClient) -> None:
    assert client.get("/api/v1/auth/me").json() == {"id": 1, "username": "ada", "is_admin": False}


def test_logging_in(anonymous: TestClient, log_in: MakeClient) -> None:
    log_in("ada")
    form = {"username": "ada", "password": PASSWORD, "grant_type": "password"}
    login = anonymous.post("/api/v1/auth/login", data=form).json()
    assert login["token_type"] == "bearer"
    assert datetime.fromisoformat(login["expires_at"]) > utcnow()
    headers = {"Authorization": f"Bearer {login['access_token']}"}
    assert anonymous.get("/api/v1/auth/me", headers=headers).json()["username"] == "ada"


def test_a_wrong_password_and_an_unknown_user_get_the_same_answer(
    anonymous: TestClient, log_in: MakeClient
) -> None:
    log_in("ada")
    details = {
        assert_problem(anonymous.post("/api/v1/auth/login", data=form), 401)["detail"]
        for form in (
            {"username": "ada", "password": "wrong"},
            {"username": "bob", "password": PASSWORD},
        )
    }
    assert len(details) == 1


def test_a_missing_field_is_named(anonymous: TestClient) -> None:
    answer = anonymous.post("/api/v1/auth/login", data={"username": "ada"})
    assert_problem(answer, 422, "body.password")


def test_without_a_token(anonymous: TestClient) -> None:
    answer = anonymous.get("/api/v1/projects")
    assert_problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_that_is_nobodys(anonymous: TestClient) -> None:
    answer = anonymous.get("/api/v1/projects", headers={"Authorization": "Bearer nonsense"})
    assert_problem(answer, 401)


def test_after_logging_out_the_token_is_worth_nothing(client: TestClient) -> None:
    assert client.post("/api/v1/auth/logout").status_code == 204
    assert_problem(client.get("/api/v1/auth/me"), 401)


def test_a_token_ends(client: TestClient, context: Context) -> None:
    with context.database.writing() as session:
        session.execute(update(AccessToken).values(expires_at=utcnow() - timedelta(seconds=1)))
    assert_problem(client.get("/api/v1/auth/me"), 401)


def test_a_user_who_was_locked_out(client: TestClient, context: Context) -> None:
    with context.database.writing() as session:
        session.execute(update(User).values(is_active=False))
    assert_problem(client.get("/api/v1/auth/me"), 401)


def test_the_database_holds_no_token(client: TestClient, context: Context) -> None:
    token = client.headers["Authorization"].removeprefix("Bearer ")
    with context.database.reading() as session:
        assert token not in session.scalars(select(AccessToken.digest)).all()


def test_guessing_is_bounded(
    anonymous: TestClient, log_in: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "PAIR", 2)
    client = log_in("ada")
    form = {"username": "ada", "password": "wrong"}
    for _ in range(2):
        assert_problem(anonymous.post("/api/v1/auth/login", data=form), 401)
    right = {"username": "ada", "password": PASSWORD}
    for path, guess in (("/api/v1/auth/login", form), ("/api/v1/auth/login", right)):
        answer = anonymous.post(path, data=guess)
        assert "try again in" in assert_problem(answer, 429)["detail"]
        assert 0 < int(answer.headers["Retry-After"]) <= 300
    page = anonymous.post("/login", data=right, headers={"sec-fetch-site": "same-origin"})
    assert (page.status_code, "try again in" in page.text) == (429, True)
    assert int(page.headers["Retry-After"]) > 0
    assert client.get("/api/v1/auth/me").status_code == 200  # who is logged in stays so


def test_an_unknown_user_is_bounded_as_a_known_one(
    anonymous: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "PAIR", 1)
    form = {"username": "nobody", "password": "wrong"}
    answers = [anonymous.post("/api/v1/auth/login", data=form).status_code for _ in range(2)]
    assert answers == [401, 429]


def test_guessing_tokens_is_bounded(
    anonymous: TestClient, log_in: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "TOKENS", 2)
    client, bad = log_in("ada"), {"Authorization": "Bearer nonsense"}
    answers = [anonymous.get("/api/v1/jobs", headers=bad).status_code for _ in range(3)]
    assert answers == [401, 401, 429]
    assert client.get("/api/v1/jobs").status_code == 200
    assert anonymous.get("/api/v1/jobs").status_code == 401
    anonymous.cookies.set(SESSION_COOKIE, "nonsense")
    assert anonymous.get("/", follow_redirects=False).status_code == 429
