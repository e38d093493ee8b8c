"""What the sandbox keeps from the command."""

from pathlib import Path

import pytest

from app.executors.base import Limits, Outcome
from app.executors.bubblewrap import BubblewrapExecutor, _why
from app.executors.watches import TreeWatch
from tests.executors.runs import Run, make_command, run


def test_user_is_not_root(sandbox: BubblewrapExecutor, tmp_path: Path) -> None:
    done = Run(
        sandbox, tmp_path, "id -u; id -un; hostname; touch made; grep CapEff /proc/self/status"
    )
    assert done.output == "1000\njob\njob\nCapEff:\t0000000000000000\n"
    assert (tmp_path / "made").stat().st_uid != 0


@pytest.mark.parametrize(
    "path", ["/root", "/home", "/work", "/var", "/sys", "/etc/shadow", "/etc/hostname", "/run"]
)
def test_host_files_are_not_there(sandbox: BubblewrapExecutor, tmp_path: Path, path: str) -> None:
    assert not Run(sandbox, tmp_path, f"test -e {path}").end.ok


def test_the_kernel_bounds_processes_while_nobody_looks(
    sandbox: BubblewrapExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TreeWatch, "look", lambda *_: None)
    script = """exec 2>&1
count() { i=0; while [ $i -lt 500 ]; do sleep 1000 & echo begun; i=$((i+1)); done; }
count; sleep 1000"""
    done = Run(sandbox, tmp_path, script, processes=20, stop_at=b"fork")
    assert done.output.count("begun") < 20 + 32


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


def test_limits_have_defaults() -> None:
    assert Limits(wall_seconds=1).processes > 0
