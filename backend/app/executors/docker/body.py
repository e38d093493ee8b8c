"""The body of the request that creates a container: every restriction is here."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.executors.base import Command, Limits

#: Where the job's folder is inside.
JOB = Path("/job")
TMP = "/tmp"  # noqa: S108  # a filesystem in memory, the container's own
_START = (Path(__file__).parent / "start.sh").read_text()
#: What init, start.sh and its watch over the worker need, in processes.
OWN_PROCESSES = 3
#: The largest filesystems in memory, in bytes; they count as the job's memory.
_MAX_TMP = 1 << 30
_MAX_SHM = 256 << 20
_OPEN_FILES = 16384
#: Of all jobs of one user together. Podman would set the highest number, which it may not always.
_PROCESSES_OF_ALL = 32768


@dataclass(frozen=True)
class Bind:
    """A folder or file as the engine knows it, and where it is shown."""

    source: str
    target: str
    writable: bool


@dataclass(frozen=True)
class Frame:
    """What surrounds a command: all that is not its own."""

    image: str
    #: Where the image wants volumes: each would be a place to write without a limit.
    image_volumes: tuple[str, ...]
    user: str  # 'uid:gid', numbers
    binds: tuple[Bind, ...]
    labels: dict[str, str]
    cpus: float
    runtime: str = ""


def container_body(command: Command, frame: Frame) -> dict[str, Any]:
    """Return the body. It holds nothing of the worker's environment."""
    return {
        "Image": frame.image,
        "Entrypoint": ["/bin/sh", "-c", _START, "a6hub"],
        "Cmd": [command.start_in, *command.argv],
        "WorkingDir": str(JOB),
        "User": frame.user,
        "Hostname": "job",
        "Env": [f"{name}={value}" for name, value in _environment(command).items()],
        "Labels": frame.labels,
        "Healthcheck": {"Test": ["NONE"]},  # an image may bring one
        # Ends with the worker's connection; start.sh waits for that.
        "AttachStdin": True,
        "OpenStdin": True,
        "StdinOnce": True,
        "AttachStdout": True,
        "AttachStderr": True,
        "NetworkDisabled": True,
        "HostConfig": _host_config(command.limits, frame),
    }


def _environment(command: Command) -> dict[str, str]:
    """Return the command's variables; PATH is the image's unless it is given."""
    return {"HOME": str(JOB), "TMPDIR": TMP} | dict(command.env)


def _host_config(limits: Limits, frame: Frame) -> dict[str, Any]:
    return {
        **_confinement(),
        **_limits(limits, frame.cpus),
        "Tmpfs": dict.fromkeys((TMP, *frame.image_volumes), _tmpfs(limits)),
        "Mounts": [_mount(bind) for bind in frame.binds],
        **({"Runtime": frame.runtime} if frame.runtime else {}),
    }


def _confinement() -> dict[str, Any]:
    return {
        "NetworkMode": "none",
        "ReadonlyRootfs": True,
        "Privileged": False,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "IpcMode": "private",
        "CgroupnsMode": "private",
        "Init": True,
        "LogConfig": {"Type": "none"},  # the output is the worker's to keep
        "RestartPolicy": {"Name": "no"},
    }


def _limits(limits: Limits, cpus: float) -> dict[str, Any]:
    file_bytes = min(limits.file_bytes, limits.disk_bytes)
    ulimits = {
        "core": 0,
        "fsize": file_bytes,
        "nofile": _OPEN_FILES,
        "nproc": _PROCESSES_OF_ALL,
    }
    return {
        "Memory": limits.memory_bytes,
        "MemorySwap": limits.memory_bytes,  # with swap, that is: none
        "PidsLimit": limits.processes + OWN_PROCESSES,
        "NanoCpus": round(cpus * 1e9),
        "ShmSize": min(limits.memory_bytes // 2, _MAX_SHM),
        "Ulimits": [{"Name": name, "Soft": n, "Hard": n} for name, n in ulimits.items()],
    }


def _tmpfs(limits: Limits) -> str:
    size = min(limits.memory_bytes // 2, _MAX_TMP)
    return f"rw,nosuid,nodev,noexec,mode=1777,size={size}"


def _mount(bind: Bind) -> dict[str, Any]:
    # Propagation is left to the engine: private, but it insists on 'slave' for its own volumes.
    return {
        "Type": "bind",
        "Source": bind.source,
        "Target": bind.target,
        "ReadOnly": not bind.writable,
    }
