"""Reading server-sent events."""

import json
from collections.abc import Iterator
from typing import Any


def read_events(pieces: Iterator[bytes]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield the kind, data and id of each event in the bytes of an answer."""
    event: dict[str, str] = {}
    for line in _lines(pieces):
        name, _, value = line.partition(":")
        if name:
            event[name] = value.removeprefix(" ")
        elif not line and "data" in event:
            yield event.get("event", ""), json.loads(event["data"]), event.get("id", "")
            event = {}


def _lines(pieces: Iterator[bytes]) -> Iterator[str]:
    """Cut at line feeds alone: a log's text may hold other characters that Python cuts at."""
    begun: list[bytes] = []
    for piece in pieces:
        *lines, rest = piece.split(b"\n")
        for line in lines:
            yield b"".join([*begun, line]).decode()
            begun = []
        begun.append(rest)
