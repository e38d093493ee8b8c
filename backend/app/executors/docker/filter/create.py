"""Which containers may be created."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.executors.base import Command, Limits
from app.executors.docker.body import JOB, OWN_PROCESSES, TMP, Bind, Frame, container_body
from app.executors.docker.options import INSTANCE_LABEL

_JOB_FOLDER = re.compile(r"(\d+-\d+/job|check-\w+)")


class RefusedError(Exception):
    """The request may not reach the engine; the text says why."""


@dataclass(frozen=True)
class Allowed:
    """What the operator allows. Folders as the engine knows them; limits are the highest."""

    images: frozenset[str]
    volumes: frozenset[str]
    work_folder: str
    shown: tuple[str, ...]  # what may be shown read-only, and all below
    user: str
    runtime: str
    cpus: float
    limits: Limits


def checked_body(data: bytes, allowed: Allowed) -> bytes:
    """Return the body to send on. Raises RefusedError."""
    try:
        given = json.loads(data)
        command, frame = _read(given)
        wanted = container_body(command, frame)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError):
        raise RefusedError("this is no body that the docker executor makes") from None
    if given != wanted:
        names = ", ".join(sorted(_differences(given, wanted)))
        raise RefusedError(f"the docker executor (of this version) gives other values to: {names}")
    _check_frame(frame, allowed)
    _check_limits(command.limits, frame, allowed)
    return json.dumps(wanted).encode()


def _read(body: Mapping[str, Any]) -> tuple[Command, Frame]:
    """Return what the body would have been made from."""
    host = body["HostConfig"]
    ulimits = {one["Name"]: one["Hard"] for one in host["Ulimits"]}
    limits = Limits(
        wall_seconds=0,
        memory_bytes=host["Memory"],
        processes=host["PidsLimit"] - OWN_PROCESSES,
        file_bytes=ulimits["fsize"],
        disk_bytes=ulimits["fsize"],
    )
    start_in, *argv = body["Cmd"]
    env = dict(one.split("=", 1) for one in body["Env"])
    command = Command(tuple(argv), Path(), env, limits, start_in=start_in)
    frame = Frame(
        image=body["Image"],
        image_volumes=tuple(name for name in host["Tmpfs"] if name != TMP),
        user=body["User"],
        binds=tuple(_bind(mount) for mount in host["Mounts"]),
        labels=body["Labels"],
        cpus=host["NanoCpus"] / 1e9,
        runtime=host.get("Runtime", ""),
    )
    return command, frame


def _bind(mount: Mapping[str, Any]) -> Bind:
    return Bind(mount["Source"], mount["Target"], not mount["ReadOnly"])


def _differences(given: Mapping[str, Any], wanted: Mapping[str, Any]) -> set[str]:
    """Return the names of what differs, also within HostConfig."""
    one, other = _flat(given), _flat(wanted)
    return {name for name in {*one, *other} if one.get(name) != other.get(name)}


def _flat(body: Mapping[str, Any]) -> dict[str, Any]:
    return {**body, **body["HostConfig"], "HostConfig": None}


def _check_frame(frame: Frame, allowed: Allowed) -> None:
    if frame.image not in allowed.images:
        raise RefusedError(f"{frame.image} is no image of A6HUB_DOCKER_IMAGES")
    if frame.user != allowed.user:
        raise RefusedError(f"a container's user is {allowed.user}, not {frame.user}")
    if frame.runtime != allowed.runtime:
        raise RefusedError("the runtime is not that of A6HUB_DOCKER_RUNTIME")
    if not frame.labels.get(INSTANCE_LABEL):
        raise RefusedError(f"a container needs the label {INSTANCE_LABEL}")
    for bind in frame.binds:
        if not (_is_job(bind, allowed) or _is_shown(bind, allowed)):
            raise RefusedError(f"{bind.source} may not be shown to a container as {bind.target}")


def _is_job(bind: Bind, allowed: Allowed) -> bool:
    root, below = allowed.work_folder + "/", bind.source.removeprefix(allowed.work_folder + "/")
    named = bind.source.startswith(root) and _JOB_FOLDER.fullmatch(below) is not None
    return named and bind.target == str(JOB)


def _is_shown(bind: Bind, allowed: Allowed) -> bool:
    source = Path(bind.source)
    plain = ".." not in source.parts
    return plain and not bind.writable and any(map(source.is_relative_to, allowed.shown))


def _check_limits(limits: Limits, frame: Frame, allowed: Allowed) -> None:
    most = allowed.limits
    pairs = {
        "memory": (limits.memory_bytes, most.memory_bytes),
        "processes": (limits.processes, most.processes),
        "file size": (limits.file_bytes, min(most.file_bytes, most.disk_bytes)),
        "processors": (frame.cpus, allowed.cpus),
    }
    for name, (given, highest) in pairs.items():
        if not 0 < given <= highest:
            raise RefusedError(f"the limit of {name}, {given}, is not within {highest}")
