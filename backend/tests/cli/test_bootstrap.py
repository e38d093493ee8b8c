"""Set-up on machines that lack things, which a PATH made for the test shows."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from bootstrap import debian, environments, home, parts, steps

from app.cli.stack import BACKEND

LAUNCHER = BACKEND.parent / "a6hub"
MakeProgram = Callable[[str, str], Path]


@pytest.fixture
def make_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeProgram:
    """Make shell scripts that are the only programs there are."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def make(name: str, script: str = "exit 0") -> Path:
        program = folder / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return program

    return make


@pytest.fixture
def as_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "PIP", debian.Package("python3-pip", file="no/such/file"))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)


def test_what_is_there_is_not_installed(make_program: MakeProgram) -> None:
    make_program("redis-server", "")
    make_program("apt-get", "exit 1")
    assert debian.install([debian.REDIS]) == []


@pytest.mark.usefixtures("as_root")
def test_all_that_is_missing_is_installed_in_one_go(
    make_program: MakeProgram, tmp_path: Path
) -> None:
    calls, folder = tmp_path / "calls", tmp_path / "bin"
    make_program("env", 'while case "$1" in *=*) ;; *) false;; esac; do shift; done; exec "$@"')
    make_program(
        "apt-get",
        f'echo "$@" >>{calls}\n'
        f"for name in redis-server iverilog; do : >{folder}/$name; /bin/chmod +x {folder}/$name; done",
    )
    assert debian.install([debian.REDIS, debian.ICARUS]) == []
    assert calls.read_text().splitlines() == [
        "-qq -o DPkg::Lock::Timeout=120 install -y --no-install-recommends redis-server iverilog"
    ]


@pytest.mark.usefixtures("as_root")
def test_old_package_lists_are_fetched_anew(make_program: MakeProgram, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    make_program("env", 'while case "$1" in *=*) ;; *) false;; esac; do shift; done; exec "$@"')
    make_program("apt-get", f'echo "$4" >>{calls}; [ "$4" = update ]')
    assert debian.install([debian.REDIS]) == [debian.REDIS]
    assert calls.read_text().split() == ["install", "update", "install"]


@pytest.mark.usefixtures("as_user", "make_program")
def test_without_apt_get_the_missing_are_named() -> None:
    assert debian.install([debian.REDIS, debian.ICARUS]) == [debian.REDIS, debian.ICARUS]
    command = debian.how_to_install([debian.REDIS, debian.ICARUS])
    assert command == "sudo apt-get install redis-server iverilog"


@pytest.mark.usefixtures("as_user")
def test_a_user_who_would_be_asked_for_a_password_is_not(make_program: MakeProgram) -> None:
    make_program("apt-get", "exit 0")
    make_program("sudo", "exit 1")
    assert debian.install([debian.REDIS]) == [debian.REDIS]


def test_a_file_shows_that_a_package_is_there(tmp_path: Path) -> None:
    (tmp_path / "lib9").mkdir()
    (tmp_path / "lib9" / "it.so").touch()
    pattern = f"{str(tmp_path)[1:]}/lib*/it*.so"
    assert debian.Package("it", file=pattern).is_there()
    assert not debian.Package("it", file=pattern + ".not").is_there()


def test_missing_packages_stop_set_up_and_say_what_to_type() -> None:
    with pytest.raises(steps.SetupError, match="sudo apt-get install iverilog bubblewrap"):
        parts._complain([debian.ICARUS, debian.CHROMIUM, debian.BUBBLEWRAP], tolerant=False)


def test_a_missing_browser_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    parts._complain([debian.CHROMIUM], tolerant=False)
    parts._complain([debian.ICARUS], tolerant=True)
    assert capsys.readouterr().err.count("missing: ") == 2


@pytest.fixture
def pythons(monkeypatch: pytest.MonkeyPatch, make_program: MakeProgram) -> MakeProgram:
    """A Python to run with and the system's, both without pip; uv is not there yet."""
    monkeypatch.setattr(environments, "_PYTHON", str(make_program("own", "exit 1")))
    monkeypatch.setattr(environments, "SYSTEM_PYTHON", str(make_program("system", "exit 1")))
    monkeypatch.setattr(environments, "_UV", make_program("own", "exit 1").parent / "uv")
    return make_program


@pytest.mark.usefixtures("as_user", "pythons")
def test_without_pip_it_says_how_to_get_all_that_is_missing() -> None:
    assert environments.needs_pip()
    with pytest.raises(steps.SetupError, match=r"redis-server .* python3-pip$"):
        parts.set_up(parts.Needs())
    with pytest.raises(steps.SetupError, match="sudo apt-get install python3-pip"):
        environments._fetch_uv()


def test_pip_of_another_python_serves(pythons: MakeProgram) -> None:
    pythons("system", "exit 0")
    assert not environments.needs_pip()
    assert environments._pip() == [environments.SYSTEM_PYTHON, "-m", "pip"]


def test_with_uv_no_pip_is_needed(pythons: MakeProgram) -> None:
    uv = pythons("uv", "exit 0")
    assert not environments.needs_pip()
    assert environments.uv() == uv


class Work:
    """Set-up work that counts how often it is done, and can be cut short."""

    def __init__(self) -> None:
        self.done = 0
        self.trouble: BaseException | None = None

    def __call__(self) -> None:
        self.done += 1
        if self.trouble is not None:
            raise self.trouble


def test_work_is_done_once_for_each_version(tmp_path: Path) -> None:
    work, stamp = Work(), tmp_path / "stamp"
    for wanted in ("1", "1", "2", "2", "1"):
        steps.once(stamp, wanted, "work", work)
    assert work.done == 3


@pytest.mark.parametrize("trouble", [KeyboardInterrupt(), steps.SetupError("no")])
def test_work_that_was_cut_short_is_done_again(tmp_path: Path, trouble: BaseException) -> None:
    work, stamp = Work(), tmp_path / "stamp"
    steps.once(stamp, "1", "work", work)
    work.trouble = trouble
    with pytest.raises(type(trouble)):
        steps.once(stamp, "2", "work", work)
    work.trouble = None
    steps.once(stamp, "1", "work", work)  # also what had been done before may be half gone
    assert work.done == 3


def test_a_failing_program_is_told_with_its_words() -> None:
    with pytest.raises(steps.SetupError, match=r"failed:\nsome words$"):
        steps.run(["/bin/sh", "-c", "echo some words >&2; exit 3"])
    with pytest.raises(steps.SetupError, match="`/no/such/program` cannot be run"):
        steps.run(["/no/such/program"])


def test_two_set_ups_of_one_home_take_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home, "HOME", tmp_path / "home")
    entered = threading.Event()

    def other() -> None:
        with home.only_one():
            entered.set()

    thread = threading.Thread(target=other)
    with home.only_one():
        thread.start()
        assert not entered.wait(0.1)
    thread.join(30)
    assert entered.is_set()


def test_the_lock_file_names_no_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / "uv.lock"
    lock.write_text(
        'source = { registry = "https://index.example/simple" }\n'
        'wheels = [{ url = "https://files.example/ab/it-1.whl", hash = "sha256:1" }]\n'
    )
    monkeypatch.setattr(environments, "uv", lambda: Path("/bin/true"))
    environments.lock(tmp_path)
    assert lock.read_text() == (
        'source = { registry = "registry" }\nwheels = [{ filename = "it-1.whl", hash = "sha256:1" }]\n'
    )


def test_the_committed_lock_files_name_no_address() -> None:
    for project in (home.BACKEND, home.OFFLINE_FLOW):
        assert "://" not in (project / "uv.lock").read_text()


@pytest.mark.parametrize("arguments", [[], ["--help"], ["help"]])
def test_the_launcher_tells_its_commands_without_set_up(
    tmp_path: Path, arguments: list[str]
) -> None:
    link = tmp_path / "link"
    link.symlink_to(LAUNCHER)
    environment = {**os.environ, "A6HUB_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, str(link), *arguments],
        cwd="/",
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "demo [--keep]" in done.stdout
    assert not (tmp_path / "home").exists()


def test_an_unknown_command_is_refused(tmp_path: Path) -> None:
    environment = {**os.environ, "A6HUB_HOME": str(tmp_path / "home")}
    command = [sys.executable, str(LAUNCHER), "dmeo"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no command 'dmeo'" in done.stderr


def test_a_home_that_cannot_be_written_is_told() -> None:
    command = [sys.executable, str(LAUNCHER), "status"]
    environment = {**os.environ, "A6HUB_HOME": "/proc/none"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("a6hub: /proc/none: ")
    assert "A6HUB_HOME" in done.stderr
    assert "Traceback" not in done.stderr
