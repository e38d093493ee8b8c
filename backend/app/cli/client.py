"""A small client of the HTTP interface."""

import math
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import httpx2

from app.cli.events import read_events

#: How long the API may be away while a job is followed, in seconds.
PATIENCE_SECONDS = 30.0
#: How long to wait before connecting again, in seconds.
RETRY_SECONDS = 0.2
#: How long an archive may take to be sent and unpacked, in seconds.
_IMPORT_SECONDS = 600.0
#: What a proxy says of an API that is down, and the API of a database or a store that is.
_AWAY = (502, 503, 504)


class RefusedError(httpx2.HTTPError):
    """The answer to a request was an error; `status` is HTTP's, `words` say what is wrong."""

    def __init__(self, request: str, status: int, words: str) -> None:
        super().__init__(f"{request}: {status} {words}")
        self.status = status
        self.words = words


class AwayError(RefusedError):
    """The API cannot answer now, because something that it needs is away; try again."""


#: What goes by itself: the same request may well be answered a moment later.
PASSING_ERRORS = (httpx2.TransportError, AwayError)
_BROKEN_OFF = httpx2.RemoteProtocolError("the events ended before the job did")


class Client:
    """Speaks to an a6hub as the user to whom `token` was given. Errors are httpx2.HTTPError."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        # trust_env: a proxy of the environment must not get between us and loopback.
        self._http = httpx2.Client(
            base_url=f"{url}/api/v1", timeout=30, trust_env=False, verify=_trusted(url)
        )
        if token:
            self._http.headers["Authorization"] = f"Bearer {token}"

    @classmethod
    def log_in(cls, url: str, username: str, password: str) -> "Client":
        """Return a client for the user with this password."""
        form = {"username": username, "password": password}
        with cls(url, "") as stranger:
            token = stranger._ask("POST", "/auth/login", data=form)["access_token"]
        return cls(url, token)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def create_project(self, name: str) -> int:
        """Make a project and return its id."""
        return int(self._ask("POST", "/projects", json={"name": name})["id"])

    def find_project(self, name: str) -> int | None:
        """Return the id of your newest project of that name, or None."""
        me = self._ask("GET", "/auth/me")["id"]
        for project in self._ask("GET", "/projects"):
            if project["name"] == name and project["owner_id"] == me:
                return int(project["id"])
        return None

    def import_archive(self, project: int, archive: BinaryIO) -> dict[str, Any]:
        """Make the files of a project those of an archive; return what has changed."""
        options = {"replace": "true", "keep_top_folder": "true"}
        url = f"/projects/{project}/import"
        done: dict[str, Any] = self._ask(
            "POST", url, params=options, content=archive, timeout=_IMPORT_SECONDS
        )
        return done

    def newest(self, project: int, job_type: str) -> int:
        """Return the newest job of a type; RefusedError when there was none."""
        url = f"/{job_type}s/{project}/{job_type}/status"
        return int(self._ask("GET", url)["job_id"])

    def restart(self, job_id: int, begin: str, end: str | None, variables: dict[str, Any]) -> int:
        """Begin an ended build at a step, with other variables; return the new job's id."""
        body = {"from": begin, "to": end, "variables": variables}
        return int(self._ask("POST", f"/jobs/{job_id}/restart", json=body)["id"])

    def put_file(self, project: int, path: str, content: bytes) -> None:
        """Set a file of a project."""
        self._ask("PUT", f"/projects/{project}/files/{path}", content=content)

    def submit(self, project: int, job_type: str, config: dict[str, Any]) -> int:
        """Submit a build or a simulation and return the job's id."""
        url = f"/{job_type}s/{project}/{job_type}"
        return int(self._ask("POST", url, json={"config": config})["id"])

    def cancel(self, job_id: int) -> None:
        """Cancel a job; RefusedError with status 409 when it has ended."""
        self._ask("POST", f"/jobs/{job_id}/cancel")

    def pin(self, job_id: int, *, pinned: bool) -> None:
        """Keep a job from being removed, or no more."""
        self._ask("PUT" if pinned else "DELETE", f"/jobs/{job_id}/pin")

    def delete(self, job_id: int) -> None:
        """Delete a job; RefusedError with status 409 when it has not ended or is pinned."""
        self._ask("DELETE", f"/jobs/{job_id}")

    def job(self, job_id: int) -> dict[str, Any]:
        """Return all that is known of a job."""
        job: dict[str, Any] = self._ask("GET", f"/jobs/{job_id}")
        return job

    def result(self, job_id: int) -> dict[str, Any]:
        """Return what a job came to."""
        result: dict[str, Any] = self._ask("GET", f"/jobs/{job_id}/result")
        return result

    def artifacts(self, job_id: int) -> list[dict[str, Any]]:
        """Return a job's artifacts."""
        artifacts: list[dict[str, Any]] = self._ask("GET", f"/jobs/{job_id}/artifacts")
        return artifacts

    def content(self, artifact: dict[str, Any]) -> bytes:
        """Return an artifact's bytes."""
        response = self._http.get(f"{self.url}{artifact['url']}")
        response.raise_for_status()
        return response.content

    def save(self, artifact: dict[str, Any], path: Path) -> None:
        """Write an artifact's bytes to a file, however many there are."""
        url = f"{self.url}{artifact['url']}"
        with self._http.stream("GET", url) as response:
            if response.is_error:
                response.read()
            _check(response, f"GET {artifact['url']}")
            with path.open("wb") as file:
                file.writelines(response.iter_bytes())

    def follow(self, job_id: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield a job's events, kind and data, until it has ended.

        When the connection breaks it goes on where it was; the error of the last try is raised when
        the API stays away.
        """
        place, ended, away_since = "", False, math.inf
        while not ended:
            headers = {"Last-Event-ID": place} if place else {}
            try:
                for kind, data, event_id in self._events(job_id, headers):
                    place, ended, away_since = event_id or place, kind == "end", math.inf
                    yield kind, data
                if not ended:
                    raise _BROKEN_OFF
            except PASSING_ERRORS:
                away_since = min(away_since, time.monotonic())
                if time.monotonic() - away_since > PATIENCE_SECONDS:
                    raise
                time.sleep(RETRY_SECONDS)

    def _events(
        self, job_id: int, headers: dict[str, str]
    ) -> Iterator[tuple[str, dict[str, Any], str]]:
        url = f"/jobs/{job_id}/log/follow"
        with self._http.stream("GET", url, headers=headers, timeout=60) as response:
            if response.is_error:
                response.read()
            _check(response, f"GET {url}")
            yield from read_events(response.iter_bytes())

    def _ask(self, method: str, url: str, **options: Any) -> Any:
        response = self._http.request(method, url, **options)
        _check(response, f"{method} {url}")
        return response.json() if response.content else None


def _check(response: httpx2.Response, request: str) -> None:
    if response.is_error:
        status = response.status_code
        kind = AwayError if status in _AWAY else RefusedError
        raise kind(request, status, _problem(response))


def _problem(response: httpx2.Response) -> str:
    """Return what a refused request is told."""
    try:
        problem = response.json()
    except ValueError:
        return response.text
    return str(problem.get("detail", response.text))


def _trusted(url: str) -> ssl.SSLContext | bool:
    """Return whom to trust: without TLS nobody, for to read all certificates takes its time."""
    return url.startswith("https:") or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
