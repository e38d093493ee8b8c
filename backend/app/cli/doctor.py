"""`./a6hub doctor`: what is there, what is missing or wrong, and what to do about it."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from app.cli.joining import names_a_stack, settings_of
from app.cli.running import find
from app.cli.stack import default_data
from app.core.settings import Settings
from app.db.engine import Database
from app.db.migrate import is_current
from app.executors.registry import make_executor
from app.jobs.broker import BROKER_ERRORS, make_redis
from app.jobs.broker_settings import broker_settings
from app.storage.store import make_store
from app.workers.checks import check_connection, check_queues, check_tasks, check_workers

#: Below this much free space a worker's disk is soon full, in bytes.
LOW_DISK = 5 << 30


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `advice` is there when it is not well."""

    name: str
    well: bool
    words: str
    advice: str = ""


def doctor(
    data: Annotated[Path | None, typer.Option(help="The data folder.")] = None,
) -> None:
    """Say what is missing or wrong. The exit status is 1 when anything is."""
    folder = (data or default_data()).absolute()
    findings = list(_look(folder))
    for finding in findings:
        typer.echo(f"{'✓' if finding.well else '✗'} {finding.name}: {finding.words}")
        if finding.advice:
            typer.echo(f"    {finding.advice}")
    if not all(finding.well for finding in findings):
        raise typer.Exit(1)


def _look(folder: Path) -> Iterator[Finding]:
    """Look at this machine, and at the stack on `folder` or that the environment names."""
    yield from _tools()
    yield from _flow()
    yield from _disk(folder)
    description = find(folder)
    if description is not None:
        os.environ.update(settings_of(description))
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        yield Finding("settings", False, f"{first['loc'][0]}: {first['msg']}", "Correct it.")
        return
    yield from _executor(settings)
    if description is not None or names_a_stack():
        yield from _stack(settings)
    else:
        yield Finding("stack", True, "none runs here (./a6hub up starts one)")


def _stack(settings: Settings) -> Iterator[Finding]:
    yield from _database(settings)
    yield from _store(settings)
    connection = check_connection(settings)
    yield Finding("broker", connection.well, connection.lines[0], connection.advice)
    if connection.well:
        yield from _redis(settings)
        yield from _workers(settings)


def _flow() -> Iterator[Finding]:
    """Look at the environment that builds run in."""
    python, pdk = os.environ.get("A6HUB_FLOW_PYTHON"), os.environ.get("A6HUB_PDK_ROOT")
    if not python or not pdk:
        words = "no flow environment: builds cannot run here"
        yield Finding("flow", False, words, "./a6hub up makes it, or set A6HUB_FLOW_PYTHON.")
        return
    ask = "from importlib.metadata import version; import librelane_plugin_offline as o; "
    ask += "import tkinter; print('LibreLane', version('librelane'), 'with the offline flow')"
    done = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=False)
    words = (done.stdout or done.stderr).strip().split("\n")[-1]
    advice = "" if done.returncode == 0 else f"Remove {Path(python).parents[1]}; it is made anew."
    yield Finding("flow", done.returncode == 0, words, advice)
    there = (Path(pdk) / "sky130A").is_dir()
    yield Finding("PDK", there, pdk, "" if there else f"Remove {pdk}; it is made anew.")


def _tools() -> Iterator[Finding]:
    for program, package, flag in (
        ("redis-server", "redis-server", "--version"),
        ("iverilog", "iverilog", "-V"),
        ("bwrap", "bubblewrap", "--version"),
        ("sta", "opensta", "-version"),
    ):
        path = shutil.which(program)
        if path is None:
            yield Finding(program, False, "missing", f"Install it: sudo apt-get install {package}")
        else:
            done = subprocess.run([path, flag], capture_output=True, text=True, check=False)
            yield Finding(program, True, (done.stdout or done.stderr or path).split("\n")[0])


def _executor(settings: Settings) -> Iterator[Finding]:
    executor = make_executor(settings)
    for name, in_force in executor.protections().items():
        # A limit that the kernel does not enforce here is watched by polling instead.
        polled = "control group" in name and executor.name != "docker"
        words = "in force" if in_force else "watched by polling" if polled else "not in force"
        well = in_force or polled or "optional" in name
        advice = "" if well else "See docs/architecture.md, Executors, and docs/docker.md."
        yield Finding(f"{executor.name}: {name}", well, words, advice)
    for warning in executor.warnings():
        yield Finding(executor.name, False, warning)


def _disk(folder: Path) -> Iterator[Finding]:
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    advice = "" if free > LOW_DISK else "Free some space, or move A6HUB_DATA_DIR."
    yield Finding("disk", free > LOW_DISK, f"{free >> 30} GiB free at {existing}", advice)


def _database(settings: Settings) -> Iterator[Finding]:
    database = Database(settings.database)
    yield _try(
        "database",
        lambda: "migrated" if is_current(database) else _fail("its schema is not the newest"),
        "Start the stack once (./a6hub up migrates), or check A6HUB_DATABASE_URL.",
    )
    database.close()


def _store(settings: Settings) -> Iterator[Finding]:
    def check() -> str:
        make_store(settings).check()
        return "can be written and read"

    yield _try("store", check, "Check A6HUB_STORE_URL, the S3_* settings and permissions.")


def _redis(settings: Settings) -> Iterator[Finding]:
    try:
        found = broker_settings(make_redis(settings))
    except BROKER_ERRORS as error:
        yield Finding("redis", False, str(error), "Start Redis.")
        return
    for setting in found:
        yield Finding(f"redis {setting.name}", setting.well, setting.value, setting.advice)


def _workers(settings: Settings) -> Iterator[Finding]:
    for name, check in (
        ("workers", check_workers),
        ("queues", check_queues),
        ("tasks", check_tasks),
    ):
        found = check(settings)
        words = [found.lines[0], *(f"    {line}" for line in found.lines[1:])]
        yield Finding(name, found.well, "\n".join(words), found.advice)


def _fail(words: str) -> str:
    raise RuntimeError(words)


def _try(name: str, check: Callable[[], str], advice: str) -> Finding:
    try:
        return Finding(name, True, check())
    except Exception as error:  # noqa: BLE001 - whatever it is, the user is told
        return Finding(name, False, str(error).partition("\n")[0], advice)
