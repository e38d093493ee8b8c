"""What the sandbox keeps from the command."""

import shutil
import socket
from pathlib import Path

import pytest

from app.executors.base import Limits, Mount, Outcome
from app.executors.bubblewrap import BubblewrapExecutor, _why
from tests.executors.runs import Run, make_command, run


def test_user_is_not_root(sandbox: BubblewrapExecutor, tmp_path: Path) -> None:
    done = Run(
        sandbox, tmp_path, "id -u; id -un; hostname; touch made; grep CapEff /proc/self/status"
    )
    assert done.output == "1000\njob\njob\nCapEff:\t0000000000000000\n"
    assert (tmp_path / "made").stat().st_uid != 0


def test_kernel_settings_cannot_be_changed(sandbox: BubblewrapExecutor, tmp_path: Path) -> None:
    done = Run(sandbox, tmp_path, "test -w /proc/sys/kernel/core_pattern || echo no")
    assert done.output == "no\n"


def test_no_namespaces_within(sandbox: BubblewrapExecutor, tmp_path: Path) -> None:
    assert not Run(sandbox, tmp_path, "unshare --user true").end.ok


@pytest.mark.parametrize(
    "path", ["/root", "/home", "/work", "/var", "/sys", "/etc/shadow", "/etc/hostname", "/run"]
)
def test_host_files_are_not_there(sandbox: BubblewrapExecutor, tmp_path: Path, path: str) -> None:
    assert not Run(sandbox, tmp_path, f"test -e {path}").end.ok


def test_other_processes_are_not_there(sandbox: BubblewrapExecutor, tmp_path: Path) -> None:
    done = Run(sandbox, tmp_path, "ls -d /proc/[0-9]*")
    assert len(done.output.split()) <= 4


def test_can_write_in_two_places_only(sandbox: BubblewrapExecutor, tmp_path: Path) -> None:
    script = (
        "for d in / /usr /usr/bin /etc /dev /proc /job /tmp; do "
        "touch $d/x 2>/dev/null && echo $d; done; true"
    )
    assert Run(sandbox, tmp_path, script).output == "/job\n/tmp\n"


def test_memory_filesystems_are_small(sandbox: BubblewrapExecutor, tmp_path: Path) -> None:
    script = "head -c 60000000 /dev/zero > /tmp/x"
    assert not Run(sandbox, tmp_path, script, memory_bytes=100_000_000).end.ok


def test_no_network(sandbox: BubblewrapExecutor, tmp_path: Path) -> None:
    """Not even to a server on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        script = f"import socket; socket.create_connection(('127.0.0.1', {port}))"
        done = Run(sandbox, tmp_path, f'python3 -c "{script}"')
    assert "ConnectionRefusedError" in done.output
    assert Run(sandbox, tmp_path, "grep -c : /proc/net/dev").output == "1\n"


def test_mounts(sandbox: BubblewrapExecutor, tmp_path: Path) -> None:
    for name in ("job", "read", "write"):
        (tmp_path / name).mkdir()
    (tmp_path / "read" / "file").write_text("content")
    (tmp_path / "write").chmod(0o777)
    mounts = (
        Mount(tmp_path / "read", Path("/opt/read")),
        Mount(tmp_path / "write", Path("/opt/write"), writable=True),
    )
    script = "cat /opt/read/file; touch /opt/read/x; touch /opt/write/x"
    done = Run(sandbox, tmp_path / "job", script, mounts=mounts)
    assert done.output.startswith("content")
    assert not (tmp_path / "read" / "x").exists()
    assert (tmp_path / "write" / "x").exists()


def test_missing_mount(sandbox: BubblewrapExecutor, tmp_path: Path) -> None:
    mounts = (Mount(tmp_path / "gone", Path("/opt/gone")),)
    end = run(sandbox, make_command(tmp_path, ("true",), mounts=mounts))
    assert end.outcome is Outcome.NOT_STARTED
    assert "gone" in end.message


def test_links_in_the_jobs_folder_are_not_followed(
    sandbox: BubblewrapExecutor, tmp_path: Path
) -> None:
    """Neither when the folder is given to the plain user nor when its size is measured."""
    outside, job = tmp_path / "outside", tmp_path / "job"
    outside.mkdir()
    job.mkdir()
    (outside / "file").write_text("x")
    (job / "link").symlink_to(outside / "file")
    (job / "folder").symlink_to(outside)
    owner = (outside / "file").stat().st_uid
    assert Run(sandbox, job, "true").end.ok
    assert (outside / "file").stat().st_uid == owner


def test_job_can_be_removed_afterwards(sandbox: BubblewrapExecutor, tmp_path: Path) -> None:
    folder = tmp_path / "job"
    folder.mkdir()
    assert Run(sandbox, folder, "mkdir -p a/b; touch a/b/c").end.ok
    shutil.rmtree(folder)
    assert not folder.exists()


def test_bwrap_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    end = run(BubblewrapExecutor(), make_command(tmp_path, ("true",)))
    assert end.outcome is Outcome.NOT_STARTED
    assert "apt-get install bubblewrap" in end.message


@pytest.mark.parametrize(
    "said",
    [
        "bwrap: No permissions to create new namespace, likely because the kernel does not allow",
        "bwrap: Creating new namespace failed: Operation not permitted",
        "bwrap: setting up uid map: Permission denied",
    ],
)
def test_namespaces_forbidden(said: str) -> None:
    assert "sysctl" in _why(said + "\n")


def test_an_error_of_the_command_is_not_one_of_the_sandbox(
    sandbox: BubblewrapExecutor, tmp_path: Path
) -> None:
    done = Run(sandbox, tmp_path, "echo 'bwrap: Creating new namespace failed'; exit 1")
    assert (done.end.outcome, done.end.code) == (Outcome.EXITED, 1)


def test_limits_have_defaults() -> None:
    assert Limits(wall_seconds=1).processes > 0
