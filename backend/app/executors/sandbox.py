"""bwrap(1)'s arguments: what a sandboxed command sees."""

import posixpath
from pathlib import Path

from app.executors.base import Command, Limits, Mount

#: Where the job's folder is inside.
JOB = "/job"
#: The user inside.
_USER = "1000"
#: The host's programs and libraries; on Debian all but the first are links into it.
_SYSTEM = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32")
#: What programs need of /etc: where libraries are, and which program a Debian alternative means.
_ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives")
#: Sets the last limit from inside.
LIMITER = "prlimit"
#: How many processes the kernel allows beyond the limit: who looks on has to see that it is passed.
_SEEN_PROCESSES = 32
_OWN_ETC = Path(__file__).parent / "etc"
#: The largest /tmp, in bytes; it counts as memory.
_MAX_TMP = 1 << 30
_MAX_SHM = 256 << 20


def arguments(program: str, command: Command) -> list[str]:
    """Return the command line that runs `command` sandboxed; see Order.show for '@path@'."""
    return [
        program,
        *_namespaces(),
        *_system(),
        *_own_devices(command.limits),
        *[word for mount in _mounts(command) for word in _bind(mount)],
        "--chdir",
        posixpath.normpath(posixpath.join(JOB, command.start_in)),
        "--remount-ro",
        "/",
        *("--json-status-fd", "@status@"),
        "--",
        *_bounded(command.limits),
        *command.argv,
    ]


def shown_paths(command: Command) -> list[str]:
    """Return the paths that stand as '@path@' in the arguments."""
    return [str(mount.source) for mount in _mounts(command)]


def _namespaces() -> list[str]:
    return [
        "--unshare-all",
        "--unshare-user",
        *("--uid", _USER, "--gid", _USER),
        "--disable-userns",  # a namespace within is the way to most of the kernel's holes
        *("--hostname", "job"),
        "--die-with-parent",
        "--new-session",  # else the terminal could be typed into (CVE-2017-5226)
    ]


def _system() -> list[str]:
    words: list[str] = []
    for name in _SYSTEM:
        folder = Path("/", name)
        if folder.is_symlink():
            words += ["--symlink", str(folder.readlink()), str(folder)]
        elif folder.is_dir():
            words += ["--ro-bind", str(folder), str(folder)]
    for name in _ETC:
        words += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return words


def _bounded(limits: Limits) -> list[str]:
    """Have the kernel bound processes too: a fork bomb outruns who looks on now and then.

    Set inside, it counts the user's processes in this namespace alone (since Linux 5.14).
    """
    most = limits.processes + _SEEN_PROCESSES
    return [LIMITER, f"--nproc={most}", "--"]


def _own_devices(limits: Limits) -> list[str]:
    temporary = str(min(limits.memory_bytes // 2, _MAX_TMP))
    shared = str(min(limits.memory_bytes // 2, _MAX_SHM))
    return [
        *("--proc", "/proc"),
        *("--dev", "/dev"),
        *("--size", shared, "--perms", "1777", "--tmpfs", "/dev/shm"),  # noqa: S108
        *("--remount-ro", "/dev"),
        *("--size", temporary, "--perms", "1777", "--tmpfs", "/tmp"),  # noqa: S108
    ]


def _mounts(command: Command) -> list[Mount]:
    own_etc = [Mount(_OWN_ETC / name, Path("/etc", name)) for name in ("passwd", "group")]
    job = Mount(command.cwd, Path(JOB), writable=True)
    return [*own_etc, *command.mounts, job]


def _bind(mount: Mount) -> list[str]:
    option = "--bind" if mount.writable else "--ro-bind"
    return [option, f"@{mount.source}@", str(mount.target)]
