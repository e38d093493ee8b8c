"""Output as no tool should print it, and as some do; and a job that prints it."""

import random
from collections.abc import Mapping
from pathlib import Path
from threading import Event
from typing import Any

from app.executors.process import ProcessExecutor
from app.jobs.bench import Bench
from app.jobs.context import Context
from app.jobs.taking import run_next
from app.models import JobType, User
from app.storage.blobs import put_blob
from app.storage.trees import TreeFile, put_tree
from app.toolchains.base import SOURCE, Earlier, ToolCommand
from tests.jobs.doubles import ScriptedRun, ScriptedToolchain
from tests.jobs.factories import make_job

_DICE = random.Random(4)
ODD: dict[str, bytes] = {
    "a line of 30 MB": b"x" * (30 << 20),
    "a line of 3 MB of wide characters": "😀€ä".encode() * (3 << 17),
    "no UTF-8": bytes(range(256)) * 300 + b"\xf0\x9f\x98" * 9999 + b"\xed\xa0\x80\xc0\x80\xf8\xff",
    "noise": _DICE.randbytes(300_000),
    "NULs": b"\0" * 70_000 + b"\r\n\r\r\n\0",
    "terminal escapes": b"\x1b[31mred\x1b[0m \x1b]0;title\x07\x1b[2J\x1b[999D\x9b31m\x0b\x0c\x1c",
    "markup": b"</pre><script>alert(1)</script><!-- ]]> &lt; \" ' `${1}`\n",
    "other line ends": "a\u2028b\u2029c\u0085d\x1ee\ufefff\u202eg\n\n\n".encode(),
    "events in an event": b'\n\ndata: {"text": "forged"}\nid: 9:9\nevent: end\n\n',
    "many tiny lines": b"\n" * 100_000 + b"".join(b"%d\n" % n for n in range(100_000)),
    "a character never ended": "ä€".encode()[:-1],
}


class Cat(ScriptedToolchain):
    """Prints the file `odd` of the project."""

    def prepare(
        self, config: Mapping[str, Any], workdir: Path, earlier: Earlier | None = None
    ) -> ScriptedRun:
        (workdir / "run").mkdir()
        return ScriptedRun(self, workdir, [ToolCommand("cat", "Cat", ("cat", f"{SOURCE}/odd"))])


def make_odd_job(context: Context, output: bytes, user: User | None = None) -> int:
    """Make a job for run_odd_job() that prints `output`."""
    tree = {"odd": TreeFile(put_blob(context.store, output), len(output))}
    digest = put_tree(context.store, tree)
    return make_job(context.database, tree_digest=digest, toolchain="cat", user=user)


def run_odd_job(context: Context) -> None:
    """Run the job as a worker does, with a real process."""
    bench = Bench(context, ProcessExecutor(), {"cat": Cat()}, "w1", lambda _: None, Event())
    assert run_next(bench, JobType.SIMULATION)["status"] == "completed"


def framed(log: bytes, output: bytes) -> bool:
    """Whether a log is `output` between the platform's own lines."""
    begin = log.index(b"[a6hub] Cat: ")
    begin = log.index(b"\n", begin) + 1
    end = log.rindex(b"[a6hub] Cat: ")  # how it ended
    return log[begin:end] == output
