"""The engine's HTTP API, as far as it is used here.

    GET  /version  /info  /images/{image}/json  /volumes/{name}  /containers/json
    POST /containers/create  /containers/{id}/attach  /containers/{id}/start  /containers/{id}/kill
    GET  /containers/{id}/json  /containers/{id}/stats    DELETE /containers/{id}

Pulling images is not among them: see images.py.
"""

import contextlib
import socket
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import docker
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from requests.exceptions import RequestException

from app.executors.docker.stream import Stream

#: How long the engine has for an answer, in seconds. A busy one takes its time to start containers.
ANSWER_SECONDS = 60.0


class EngineError(Exception):
    """The engine refuses, fails or does not answer; the text says what happened."""


class EngineAwayError(EngineError):
    """The engine does not answer, or not yet."""


class NoImageError(EngineError):
    """The engine does not have the image."""


class Engine:
    """A client for one thread. Every method raises EngineError."""

    def __init__(self, host: str) -> None:
        self._host = host
        with self._told():
            _knock(host)
            self.client = docker.APIClient(host, timeout=ANSWER_SECONDS)

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def info(self) -> Mapping[str, Any]:
        """Return what the engine says of itself."""
        with self._told():
            found: Mapping[str, Any] = self.client.info()
            return found

    def image_volumes(self, image: str) -> tuple[str, ...]:
        """Return where an image wants volumes; NoImageError if it is not there."""
        with self._told():
            return tuple(self.client.inspect_image(image)["Config"].get("Volumes") or ())

    def mountpoint(self, volume: str) -> str:
        """Return where the engine keeps a volume."""
        with self._told():
            return str(self.client.inspect_volume(volume)["Mountpoint"])

    def create(self, body: Mapping[str, Any]) -> str:
        """Create a container and return its id."""
        with self._told():
            return str(self.client.create_container_from_config(body)["Id"])

    def forbids(self, body: Mapping[str, Any]) -> bool:
        """Return whether a container with this body, whose image is missing, is forbidden."""
        try:
            self.client.create_container_from_config(body)
        except APIError as error:
            return bool(error.status_code == HTTPStatus.FORBIDDEN)
        except (DockerException, RequestException):
            return False
        return False

    @contextlib.contextmanager
    def attached(self, container: str) -> Iterator[Stream]:
        """Be connected to a container's input and output."""
        wanted = {"stream": 1, "stdin": 1, "stdout": 1, "stderr": 1}
        with self._told():
            connection = self.client.attach_socket(container, wanted)
        try:
            yield Stream(connection._sock)  # there is no other way to poll it
        finally:
            connection._response.close()  # closes all that belongs to it
            connection.close()

    def start(self, container: str) -> None:
        """Start a container."""
        with self._told():
            self.client.start(container)

    def kill(self, container: str) -> None:
        """Kill all that runs in a container; nothing if it has ended."""
        with self._told(), contextlib.suppress(NotFound), _not_running():
            self.client.kill(container, "SIGKILL")

    def state(self, container: str) -> Mapping[str, Any]:
        """Return a container's state, as `docker inspect` shows it."""
        with self._told():
            found: Mapping[str, Any] = self.client.inspect_container(container)["State"]
            return found

    def stats(self, container: str) -> Mapping[str, Any]:
        """Return what a container uses at this moment; little or nothing when it has ended."""
        with self._told():
            found: Mapping[str, Any] = self.client.stats(container, stream=False, one_shot=True)
            return found

    def remove(self, container: str) -> None:
        """Kill and remove a container, if it is there."""
        with self._told(), contextlib.suppress(NotFound):
            self.client.remove_container(container, v=True, force=True)

    def labelled(self, label: str) -> list[tuple[str, Mapping[str, str]]]:
        """Return all containers with a label, 'NAME=VALUE': ids and labels."""
        with self._told():
            found = self.client.containers(all=True, filters={"label": [label]})
            return [(one["Id"], one["Labels"]) for one in found]

    def _told(self) -> contextlib.AbstractContextManager[None]:
        return engine_errors(self._host)


@contextlib.contextmanager
def engine_errors(host: str) -> Iterator[None]:
    """Turn the library's errors into ours."""
    try:
        yield
    except ImageNotFound as error:
        raise NoImageError(str(error.explanation)) from None
    except APIError as error:
        raise EngineError(f"The container engine refuses: {error.explanation}") from None
    except (DockerException, RequestException, OSError) as error:
        raise EngineAwayError(f"The container engine does not answer at {host}: {error}") from None


def _knock(host: str) -> None:
    """Raise OSError if nobody listens: the library would say it at length, and leave a socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.connect(host.removeprefix("unix://"))


@contextlib.contextmanager
def _not_running() -> Iterator[None]:
    try:
        yield
    except APIError as error:
        if error.status_code != HTTPStatus.CONFLICT:
            raise
