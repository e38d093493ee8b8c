"""Which a6hub commands speak to, and as whom.

The environment names one: A6HUB_URL, with A6HUB_TOKEN or A6HUB_USERNAME and A6HUB_PASSWORD. Without
A6HUB_URL it is the stack that `./a6hub up` runs on this machine, as its administrator.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import typer

from app.cli.client import Client, RefusedError
from app.cli.running import find
from app.cli.stack import ADMIN, default_data


class NoServerError(Exception):
    """There is no a6hub to speak to; the text says what to do."""


def connect() -> Client:
    """Return a client that is logged in. Raises NoServerError and httpx2.HTTPError."""
    url = os.environ.get("A6HUB_URL", "").rstrip("/")
    if url:
        return _connect_to(url)
    description = find(default_data())
    if description is None:
        raise NoServerError("Set A6HUB_URL to the a6hub to use, or start one here: ./a6hub up")
    password = Path(description["admin_password_file"]).read_text()
    return Client.log_in(description["url"], ADMIN, password)


@contextmanager
def connected() -> Iterator[Client]:
    """Yield a client; what is refused is said, with exit status 1."""
    try:
        with connect() as client:
            yield client
    except (httpx2.HTTPError, NoServerError) as error:
        typer.echo(f"a6hub: {_words_of(error)}", err=True)
        raise typer.Exit(1) from None


def _words_of(error: httpx2.HTTPError | NoServerError) -> str:
    if isinstance(error, RefusedError):
        return error.words
    if isinstance(error, httpx2.ConnectError):
        url = error.request.url
        place = f"{url.scheme}://{url.netloc.decode()}"
        return f"Nobody answers at {place}: {error}. If it has just been started, try again."
    return str(error)


def _connect_to(url: str) -> Client:
    token = os.environ.get("A6HUB_TOKEN")
    if token:
        return Client(url, token)
    names = [os.environ.get(f"A6HUB_{name}", "") for name in ("USERNAME", "PASSWORD")]
    if not all(names):
        raise NoServerError("Set A6HUB_TOKEN, or A6HUB_USERNAME and A6HUB_PASSWORD.")
    return Client.log_in(url, *names)
