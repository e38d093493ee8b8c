"""What runs before LibreLane in the sandbox, with stand-ins for the tools."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from app.toolchains.librelane.start import WRAPPER
from app.toolchains.librelane.versions import read_versions

#: Ends when the versions are there.
_WAITING = '#!/bin/sh\nuntil grep -q "^python " run/versions; do sleep 0.01; done\n'
Start = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder that is all of PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("cat", "cp", "grep", "mkdir", "sh", "sleep"):
        program = shutil.which(name)
        assert program
        (folder / name).symlink_to(program)
    return folder


@pytest.fixture
def workdir(tmp_path: Path) -> Path:
    (tmp_path / "job" / "run").mkdir(parents=True)
    return tmp_path / "job"


@pytest.fixture
def start(tools: Path, workdir: Path) -> Start:
    def start(*argv: str, **env: str) -> subprocess.CompletedProcess[str]:
        program, *words = WRAPPER
        return subprocess.run(
            [str(tools / program), *words, *argv],
            cwd=workdir,
            env={"PATH": str(tools), **env},
            capture_output=True,
            text=True,
            check=False,
        )

    return start


def put(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(script)
    (folder / name).chmod(0o755)


def test_versions_of_the_tools_that_there_are(tools: Path, workdir: Path, start: Start) -> None:
    put(tools, "yosys", "#!/bin/sh\necho 'Yosys 0.46 (git sha1 e97731dd9)'\necho more\n")
    put(tools, "openroad", "#!/bin/sh\necho\necho v2.0-1 >&2\n")
    put(tools, "magic", "#!/bin/sh\n[ $1 = --version ] && echo 8.3.489\nexit 1\n")
    put(tools, "python3", "#!/bin/sh\necho Python 3.11.2\n")
    put(tools, "librelane", _WAITING)
    assert start("librelane").returncode == 0
    assert read_versions(workdir) == {
        "openroad": "v2.0-1",
        "yosys": "0.46 (git sha1 e97731dd9)",
        "magic": "8.3.489",
        "python": "3.11.2",
    }


def test_words_and_status_pass_through(tools: Path, start: Start) -> None:
    put(tools, "librelane", '#!/bin/sh\necho "$# $1"\nexit 2\n')
    done = start("librelane", "a b", "--c")
    assert (done.returncode, done.stdout) == (2, "2 a b\n")


def test_image_without_librelane(start: Start) -> None:
    done = start("librelane")
    assert done.returncode == 127
    assert done.stderr.startswith("ERROR: there is no librelane here")


def test_compiled_functions_are_copied(
    tools: Path, workdir: Path, start: Start, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "router.nbi").write_text("x")
    put(tools, "librelane", '#!/bin/sh\ncat "$NUMBA_CACHE_DIR/router.nbi"\n')
    assert start("librelane", A6HUB_NUMBA_CACHE=str(cache)).stdout == "x"
    os.utime(workdir / "run" / ".numba-cache")


@pytest.mark.parametrize(
    ("text", "versions"),
    [
        ("", {}),
        ("yosys\n", {}),
        ("yosys 1\nyosys 2\n", {"yosys": "1"}),
        ("YOSYS 1\n../x 2\nsta \x1b[31m\n", {}),
        (f"sta {'x' * 300}\n", {}),
        ("\n".join(f"{'a' * n} 1" for n in range(200)), {"a" * n: "1" for n in range(1, 32)}),
        ("a 1\n" * 100_000, {"a": "1"}),
    ],
)
def test_versions_that_a_job_forged(workdir: Path, text: str, versions: dict[str, str]) -> None:
    (workdir / "run" / "versions").write_text(text)
    assert read_versions(workdir) == versions


def test_versions_that_are_a_link(workdir: Path) -> None:
    (workdir / "run" / "versions").symlink_to("/etc/passwd")
    assert read_versions(workdir) == {}
