"""What every executor that confines keeps from the command."""

import shutil
import socket
from pathlib import Path

from app.executors.base import Executor, Mount, Outcome
from tests.executors.runs import Run, make_command, run


def test_user_is_not_root(confined: Executor, tmp_path: Path) -> None:
    done = Run(confined, tmp_path, "id -u; hostname; touch made; grep ^Cap /proc/self/status")
    user, name, *capabilities = done.output.splitlines()
    assert (user != "0", name) == (True, "job")
    assert {line.split()[1] for line in capabilities} == {"0" * 16}
    assert (tmp_path / "made").stat().st_uid != 0


def test_no_way_to_other_rights(confined: Executor, tmp_path: Path) -> None:
    done = Run(confined, tmp_path, "grep -e NoNewPrivs -e Seccomp: /proc/self/status")
    assert "NoNewPrivs:\t1" in done.output


def test_host_files_are_not_there(confined: Executor, tmp_path: Path) -> None:
    """Not those beside the job's folder, nor by a link or by way of another process."""
    job, secret = tmp_path / "job", tmp_path / "secret"
    job.mkdir()
    secret.write_text("s3cret")
    (job / "link").symlink_to(secret)
    script = (
        f"for f in {secret} link ../secret /proc/1/root{secret} /proc/1/cwd{secret} "
        "/etc/shadow /var/run/docker.sock /run/docker.sock /dev/vda /dev/sda /dev/mem; "
        "do cat $f 2>/dev/null && echo $f; done; true"
    )
    done = Run(confined, job, script)
    assert (done.end.ok, done.output) == (True, "")


def test_kernel_settings_cannot_be_changed(confined: Executor, tmp_path: Path) -> None:
    done = Run(confined, tmp_path, "test -w /proc/sys/kernel/core_pattern || echo no")
    assert done.output == "no\n"


def test_no_namespaces_within(confined: Executor, tmp_path: Path) -> None:
    assert not Run(confined, tmp_path, "unshare --user true").end.ok


def test_other_processes_are_not_there(confined: Executor, tmp_path: Path) -> None:
    done = Run(confined, tmp_path, "ls -d /proc/[0-9]*")
    assert len(done.output.split()) <= 5


def test_can_write_in_two_places_only(confined: Executor, tmp_path: Path) -> None:
    script = (
        "for d in / /usr /usr/bin /etc /dev /proc /job /tmp; do "
        "touch $d/x 2>/dev/null && echo $d; done; true"
    )
    assert Run(confined, tmp_path, script).output == "/job\n/tmp\n"


def test_memory_filesystems_are_small(confined: Executor, tmp_path: Path) -> None:
    script = "head -c 60000000 /dev/zero > /tmp/x"
    assert not Run(confined, tmp_path, script, memory_bytes=100_000_000).end.ok


def test_no_network(confined: Executor, tmp_path: Path) -> None:
    """Not even to a server on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        script = f"import socket; socket.create_connection(('127.0.0.1', {port}))"
        done = Run(confined, tmp_path, f'python3 -c "{script}"')
    assert "ConnectionRefusedError" in done.output
    assert Run(confined, tmp_path, "grep -c : /proc/net/dev").output == "1\n"


def test_mounts(confined: Executor, tmp_path: Path) -> None:
    for name in ("job", "read", "write"):
        (tmp_path / name).mkdir()
    (tmp_path / "read" / "file").write_text("content")
    (tmp_path / "write").chmod(0o777)
    mounts = (
        Mount(tmp_path / "read", Path("/opt/read")),
        Mount(tmp_path / "write", Path("/opt/write"), writable=True),
    )
    script = "cat /opt/read/file; touch /opt/read/x; touch /opt/write/x"
    done = Run(confined, tmp_path / "job", script, mounts=mounts)
    assert done.output.startswith("content")
    assert not (tmp_path / "read" / "x").exists()
    assert (tmp_path / "write" / "x").exists()


def test_missing_mount(confined: Executor, tmp_path: Path) -> None:
    mounts = (Mount(tmp_path / "gone", Path("/opt/gone")),)
    end = run(confined, make_command(tmp_path, ("true",), mounts=mounts))
    assert end.outcome is Outcome.NOT_STARTED
    assert "gone" in end.message


def test_links_in_the_jobs_folder_are_not_followed(confined: Executor, tmp_path: Path) -> None:
    """Neither when the folder is given to the plain user nor when its size is measured."""
    outside, job = tmp_path / "outside", tmp_path / "job"
    outside.mkdir()
    job.mkdir()
    (outside / "file").write_text("x")
    (job / "link").symlink_to(outside / "file")
    (job / "folder").symlink_to(outside)
    owner = (outside / "file").stat().st_uid
    assert Run(confined, job, "true").end.ok
    assert (outside / "file").stat().st_uid == owner


def test_job_can_be_removed_afterwards(confined: Executor, tmp_path: Path) -> None:
    folder = tmp_path / "job"
    folder.mkdir()
    assert Run(confined, folder, "mkdir -p a/b; touch a/b/c").end.ok
    shutil.rmtree(folder)
    assert not folder.exists()


def test_an_error_of_the_command_is_not_one_of_the_sandbox(
    confined: Executor, tmp_path: Path
) -> None:
    done = Run(confined, tmp_path, "echo 'bwrap: Creating new namespace failed'; exit 1")
    assert (done.end.outcome, done.end.code) == (Outcome.EXITED, 1)
