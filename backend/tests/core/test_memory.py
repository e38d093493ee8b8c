"""Who was killed for memory: the kernel's count for one's own control group."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.core import memory
from app.core.memory import MemoryKills
from app.executors.base import Limits
from app.executors.cgroups import make_group
from tests.system.workers import BACKEND

#: Enters groups, and has a child that wants more memory than they may hold.
_IN_A_GROUP = """
import subprocess, sys
from pathlib import Path
from app.core.memory import MemoryKills
for file in sys.argv[1:]:
    Path(file).write_text("0")
kills = MemoryKills()
print(kills.any_new())
subprocess.run([sys.executable, "-c", "x = b'x' * (500 << 20)"])
print(kills.any_new(), kills.any_new())
"""


def test_of_another_group_nothing_is_told() -> None:
    """As of a job, which has a group of its own and is killed at its own limit."""
    group = make_group(Limits(1, memory_bytes=150 << 20, processes=50))
    try:
        if not group.complete:
            pytest.skip("no control group can be made here")
        here = MemoryKills()
        command = [sys.executable, "-c", _IN_A_GROUP, *group.joins]
        said = subprocess.run(command, cwd=BACKEND, capture_output=True, text=True, check=True)
        assert said.stdout.split() == ["False", "True", "False"]
        assert not here.any_new()
    finally:
        group.remove()


@pytest.mark.parametrize(
    ("groups", "file", "seen"),
    [
        ("4:memory:/a\n0::/b\n", "memory/a/memory.oom_control", True),
        ("1:name=systemd:/a\n0::/b\n", "b/memory.events.local", True),
        ("0::/b\n", "elsewhere", False),
    ],
)
def test_where_it_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, groups: str, file: str, seen: bool
) -> None:
    own, machine, counts = tmp_path / "groups", tmp_path / "vmstat", tmp_path / "root" / file
    counts.parent.mkdir(parents=True)
    own.write_text(groups)
    for name, path in (("_GROUPS", tmp_path / "root"), ("_OWN_GROUPS", own), ("_MACHINE", machine)):
        monkeypatch.setattr(memory, name, path)
    for path in (counts, machine):
        path.write_text("oom 1\noom_kill 1\n")
    kills = MemoryKills()
    counts.write_text("oom 2\noom_kill 2\n")
    assert kills.any_new() is seen
    machine.write_text("oom_kill 2\n")
    assert kills.any_new() is not seen
