"""Which requests may reach the engine, and in what form."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from app.executors.docker.filter.create import Allowed, RefusedError, checked_body
from app.executors.docker.options import INSTANCE_LABEL

#: Returns the labels of the container with an id, none if there is no such container.
LabelsOf = Callable[[str], Mapping[str, str]]

_VERSION = re.compile(r"/v1\.\d{1,3}(?=/)")
_CONTAINER = re.compile(r"/containers/([0-9a-f]{64})(/[a-z]+)?")
_NAMED = re.compile(r"/(images|volumes)/(.+?)(/json)?")
_FLAG = re.compile(r"0|1|True|False|true|false")
_NO = re.compile(r"0|False|false")
#: What may be asked about a container, with the parameters that may be given.
_OF_CONTAINERS: dict[tuple[str, str], Mapping[str, re.Pattern[str]]] = {
    ("GET", "/json"): {},
    ("GET", "/stats"): {"stream": _NO, "one-shot": _FLAG},
    ("POST", "/attach"): dict.fromkeys(("stream", "stdin", "stdout", "stderr"), _FLAG),
    ("POST", "/start"): {},
    ("POST", "/kill"): {"signal": re.compile("SIGKILL")},
    ("DELETE", ""): dict.fromkeys(("v", "force"), _FLAG) | {"link": _NO},
}
_CREATE = ("POST", "/containers/create")
_GENERAL = (("GET", "/_ping"), ("GET", "/version"), ("GET", "/info"), _CREATE)


@dataclass(frozen=True)
class Request:
    """A request, to the filter or to the engine."""

    method: str
    target: str
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path without the API's version."""
        return _VERSION.sub("", unquote(urlsplit(self.target).path), count=1)

    @property
    def query(self) -> dict[str, str]:
        """The parameters; a name that is given twice is no name that is known."""
        pairs = parse_qsl(urlsplit(self.target).query, keep_blank_values=True)
        found = dict(pairs)
        return found if len(found) == len(pairs) else {"": ""}

    @property
    def attaches(self) -> bool:
        """Whether it becomes a connection to a container."""
        return self.path.endswith("/attach")


class Rules:
    """The operator's rules."""

    def __init__(self, allowed: Allowed, labels_of: LabelsOf) -> None:
        self._allowed = allowed
        self._labels_of = labels_of

    def passed(self, request: Request) -> Request:
        """Return the request to make of the engine. Raises RefusedError."""
        return Request(request.method, self._target(request), self._body(request))

    def _target(self, request: Request) -> str:
        """Write the path and the parameters anew."""
        version = _VERSION.match(urlsplit(request.target).path)
        self._check(request)
        query = f"?{urlencode(request.query)}" if request.query else ""
        return (version[0] if version else "") + request.path + query

    def _body(self, request: Request) -> bytes:
        if (request.method, request.path) == _CREATE:
            return checked_body(request.body, self._allowed)
        return b""

    def _check(self, request: Request) -> None:
        what = (request.method, request.path)
        if what in _GENERAL:
            _check_query(request, {})
        elif what == ("GET", "/containers/json"):
            _check_list(request)
        elif found := _CONTAINER.fullmatch(request.path):
            self._check_container(request, found[1], found[2] or "")
        elif request.method == "GET" and (found := _NAMED.fullmatch(request.path)):
            self._check_named(request, found)
        else:
            raise RefusedError(f"{' '.join(what)} is not used by the docker executor")

    def _check_container(self, request: Request, container: str, verb: str) -> None:
        known = _OF_CONTAINERS.get((request.method, verb))
        if known is None:
            raise RefusedError(
                f"{request.method} {request.path} is not used by the docker executor"
            )
        _check_query(request, known)
        if not self._labels_of(container).get(INSTANCE_LABEL):
            raise RefusedError("that container is not a6hub's")

    def _check_named(self, request: Request, found: re.Match[str]) -> None:
        kind, name, ending = found.groups()
        names, end = {
            "images": (self._allowed.images, "/json"),
            "volumes": (self._allowed.volumes, None),
        }[kind]
        if name not in names or ending != end:
            raise RefusedError(f"{name} is none of the {kind} that the settings name")
        _check_query(request, {})


def _check_query(request: Request, known: Mapping[str, re.Pattern[str]]) -> None:
    for name, value in request.query.items():
        if name not in known or not known[name].fullmatch(value):
            raise RefusedError(f"the parameter {name}={value} is not used by the docker executor")


def _check_list(request: Request) -> None:
    """Only a list of containers of one a6hub may be asked for."""
    _check_query(
        request, dict.fromkeys(("all", "limit", "size", "trunc_cmd", "filters"), re.compile(".*"))
    )
    try:
        filters = json.loads(request.query.get("filters", ""))
        [label] = filters["label"]
    except (ValueError, KeyError, TypeError):
        label = ""
    if not str(label).startswith(f"{INSTANCE_LABEL}="):
        raise RefusedError("only containers with an instance's label are listed")
