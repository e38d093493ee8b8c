"""The filter's own HTTP server, on a Unix socket; one request for each connection."""

import contextlib
import http.client
import json
import os
import selectors
import socket
import socketserver
import sys
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import cast

from app.core.logging import get_logger
from app.executors.docker.filter.create import Allowed, RefusedError
from app.executors.docker.filter.rules import Request, Rules

log = get_logger(__name__)

_MAX_BODY = 1 << 20
_PIECE_BYTES = 65536
#: How long a client has for its request, in seconds.
_REQUEST_SECONDS = 30.0
_ANSWER_SECONDS = 120.0
_UPGRADE = (
    "{method} {target} HTTP/1.1\r\nHost: engine\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
    "Content-Length: 0\r\n\r\n"
)


class FilterServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Serves until shutdown()."""

    daemon_threads = True

    def __init__(self, listen: Path, engine: Path, allowed: Allowed) -> None:
        self.engine = engine
        self.rules = Rules(allowed, self._labels_of)
        listen.unlink(missing_ok=True)
        before = os.umask(0o117)  # for its owner and group alone
        try:
            super().__init__(str(listen), _Handler)
        finally:
            os.umask(before)

    def connect(self) -> "EngineConnection":
        """Return a new connection to the engine."""
        return EngineConnection(self.engine)

    def _labels_of(self, container: str) -> Mapping[str, str]:
        with contextlib.closing(self.connect()) as connection:
            connection.request("GET", f"/containers/{container}/json")
            answer = connection.getresponse()
            if answer.status != HTTPStatus.OK:
                return {}
            found: Mapping[str, str] = json.load(answer)["Config"]["Labels"] or {}
            return found

    def handle_error(self, *_: object) -> None:
        """Say why a connection was cut short; a client that hangs up is nothing to tell."""
        error = sys.exception()
        if not isinstance(error, ConnectionError):
            log.warning("connection ended", error=repr(error))


class EngineConnection(http.client.HTTPConnection):
    """HTTP over the engine's socket."""

    def __init__(self, engine: Path) -> None:
        super().__init__("engine", timeout=_ANSWER_SECONDS)
        self._engine = engine

    def connect(self) -> None:
        """Connect to the Unix socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._engine))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _REQUEST_SECONDS

    def _handle(self) -> None:
        self.close_connection = True
        server = cast("FilterServer", self.server)
        try:
            request = server.rules.passed(self._request())
            with contextlib.closing(server.connect()) as connection:
                connection.connect()
                (self._splice if request.attaches else self._forward)(connection, request)
        except RefusedError as error:
            log.warning("request refused", method=self.command, target=self.path, why=str(error))
            self._say(HTTPStatus.FORBIDDEN, f"a6hub's filter: {error}.")
        except (FileNotFoundError, ConnectionRefusedError) as error:
            self._say(HTTPStatus.BAD_GATEWAY, f"a6hub's filter cannot reach the engine: {error}.")

    do_GET = do_POST = do_DELETE = _handle  # noqa: N815  # the base class wants these names

    def _request(self) -> Request:
        if "Transfer-Encoding" in self.headers:
            raise RefusedError("a body needs a Content-Length")
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > _MAX_BODY:
            raise RefusedError("the body is too long")
        return Request(self.command, self.path, self.rfile.read(int(length)))

    def _forward(self, connection: EngineConnection, request: Request) -> None:
        """Pass the request on, and the engine's answer back."""
        headers = {"Content-Type": "application/json"}
        connection.request(request.method, request.target, request.body, headers)
        answer = connection.getresponse()
        self.send_response_only(answer.status)
        for name in ("Content-Type", "Api-Version"):
            if value := answer.getheader(name):
                self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        while piece := answer.read1(_PIECE_BYTES):
            self.wfile.write(piece)

    def _splice(self, connection: EngineConnection, request: Request) -> None:
        """Become a connection between the client and the container."""
        words = _UPGRADE.format(method=request.method, target=request.target)
        connection.sock.sendall(words.encode())
        for one in (connection.sock, self.connection):
            one.settimeout(None)
        _carry(self.connection, connection.sock)

    def _say(self, status: HTTPStatus, message: str) -> None:
        body = json.dumps({"message": message}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing of what is allowed."""


def _carry(client: socket.socket, engine: socket.socket) -> None:
    """Carry bytes both ways; the end of either side is the end."""
    other = {client: engine, engine: client}
    with selectors.DefaultSelector() as selector, contextlib.suppress(OSError):
        for one in other:
            selector.register(one, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                one = cast("socket.socket", key.fileobj)
                piece = one.recv(_PIECE_BYTES)
                if not piece:
                    return
                other[one].sendall(piece)
