"""`./a6hub demo`: the main job, end to end, seen from a client's side."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx2
import typer
from rich.console import Console

from app.cli.client import Client
from app.cli.demo_report import Outcome, report
from app.cli.running import find
from app.cli.stack import BACKEND
from app.cli.up import ADMIN
from app.core.processes import die_with_parent

SAMPLE = Path(__file__).parent / "samples" / "spm"
SIMULATION = {"top": "tb_spm"}
BUILD = {"DESIGN_NAME": "spm", "CLOCK_PORT": "clk", "CLOCK_PERIOD": 10}
_console = Console(highlight=False)


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stack running.")] = False,
) -> None:
    """Run a real simulation and a real build to GDSII, end to end."""
    began = time.monotonic()
    results = Path(os.environ.get("A6HUB_HOME", tempfile.gettempdir())) / "demo"
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir(parents=True)
    try:
        with _stack(keep) as description:
            _console.print(f"stack up after {time.monotonic() - began:.1f} s: {description['url']}")
            well = _jobs(description, results)
    except (httpx2.HTTPError, RuntimeError) as error:
        _console.print(f"[red]✗[/] {error}")
        raise typer.Exit(1) from None
    _console.print(f"{time.monotonic() - began:.1f} s in all")
    raise typer.Exit(0 if well else 1)


def _jobs(description: dict[str, Any], results: Path) -> bool:
    password = Path(description["admin_password_file"]).read_text()
    client = Client(description["url"], ADMIN, password)
    project = client.create_project("demo")
    for path in sorted(SAMPLE.iterdir()):
        client.put_file(project, path.name, path.read_bytes())
        _console.print(f"uploaded {path.name}")
    jobs = {
        "simulation": client.submit(project, "simulation", SIMULATION),
        "build": client.submit(project, "build", BUILD),
    }
    _follow_all(client, jobs)
    outcomes = [Outcome.read(client, job_id, results) for job_id in jobs.values()]
    return report(_console, outcomes, description)


def _follow_all(client: Client, jobs: dict[str, int]) -> None:
    """Show the logs of all jobs live, side by side."""
    threads = [
        threading.Thread(target=_follow, args=(client, name, job_id))
        for name, job_id in jobs.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _follow(client: Client, name: str, job_id: int) -> None:
    rest = ""
    for kind, data in client.follow(job_id):
        if kind == "log":
            *lines, rest = (rest + data["text"]).split("\n")
            for line in lines:
                _show(name, line)
        elif kind == "job" and data["current_step"]:
            _console.print(f"[bold cyan]{name:>10} ▶ {data['current_step']}[/]")


def _show(name: str, line: str) -> None:
    room = max(40, _console.width - 14)
    _console.print(f"{name:>10} │ {line[:room]}", markup=False, style="dim", soft_wrap=True)


@contextmanager
def _stack(keep: bool) -> Iterator[dict[str, Any]]:
    """Start a stack on a data folder of its own; stop and remove it at the end unless `keep`."""
    data = Path(tempfile.mkdtemp(prefix="a6hub-demo-"))
    # A worker that is root runs jobs as somebody else, who must be able to get there.
    data.chmod(0o711)
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "up", "--data", str(data)],
        cwd=BACKEND,
        stderr=(data / "supervisor.log").open("wb"),
        start_new_session=True,
        preexec_fn=None if keep else _end_with_us,  # noqa: PLW1509 - one thread so far
    )
    well = False
    try:
        yield _description(process, data)
        well = True
    finally:
        if keep and well:
            _console.print(f"the stack goes on; stop it with: kill {process.pid}")
        else:
            process.terminate()
            process.wait()
            shutil.rmtree(data, ignore_errors=True)


def _end_with_us() -> None:
    die_with_parent(signal.SIGTERM)


def _description(process: subprocess.Popen[bytes], data: Path) -> dict[str, Any]:
    """Return the stack's description once it is ready."""
    while process.poll() is None:
        description = find(data)
        if description is not None and description["ready"]:
            return description
        time.sleep(0.05)
    words = (data / "supervisor.log").read_text()
    raise RuntimeError(f"The stack did not start.\n{words}")
