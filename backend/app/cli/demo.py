"""`./a6hub demo`: the main job, end to end, seen from a client's side."""

import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import httpx2
import typer
from rich.console import Console

from app.cli.client import Client
from app.cli.demo_live import follow_all
from app.cli.demo_report import Outcome, report
from app.cli.demo_stack import DemoStack, NotStartedError, demo_stack
from app.cli.stack import ADMIN

SAMPLE = Path(__file__).parent / "samples" / "spm"
SIMULATION = {"top": "tb_spm"}
BUILD = {"DESIGN_NAME": "spm", "CLOCK_PORT": "clk", "CLOCK_PERIOD": 10}


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stack running.")] = False,
) -> None:
    """Run a real simulation and a real build to GDSII, end to end."""
    began = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    console = Console(highlight=False)
    with demo_stack(keep) as stack:
        results = _results()
        well = _try(stack, console, results, began, keep)
        if not well:
            console.print(f"the logs are in {stack.keep_logs(results)}", soft_wrap=True)
        if keep:
            console.print(
                f"the stack goes on; stop it with: ./a6hub down --data {stack.data}", soft_wrap=True
            )
    console.print(f"{time.monotonic() - began:.1f} s in all")
    raise typer.Exit(0 if well else 1)


def _try(stack: DemoStack, console: Console, results: Path, began: float, keep: bool) -> bool:
    """Run the jobs; return whether all that should be there is there."""
    try:
        description = stack.wait()
        seconds = time.monotonic() - began
        console.print(f"stack up after {seconds:.1f} s: {description['url']}", soft_wrap=True)
        return _run(description, console, results, keep)
    except (httpx2.HTTPError, NotStartedError) as error:
        console.print(f"✗ {error}", markup=False, soft_wrap=True)
        return False


def _run(description: dict[str, Any], console: Console, results: Path, keep: bool) -> bool:
    password = Path(description["admin_password_file"]).read_text()
    with Client.log_in(description["url"], ADMIN, password) as client:
        jobs = _submit(client, console)
        follow_all(client, jobs, console)
        outcomes = [Outcome.read(client, job_id, results) for job_id in jobs.values()]
    return report(console, outcomes, description["url"] if keep else None)


def _submit(client: Client, console: Console) -> dict[str, int]:
    """Make a project of the sample and submit a simulation and a build of it."""
    project = client.create_project("demo")
    for path in sorted(SAMPLE.iterdir()):
        client.put_file(project, path.name, path.read_bytes())
        console.print(f"uploaded {path.name}")
    return {
        "simulation": client.submit(project, "simulation", SIMULATION),
        "build": client.submit(project, "build", BUILD),
    }


def _results() -> Path:
    """Return the folder, empty, in which copies of what was made survive the demo."""
    folder = Path(os.environ.get("A6HUB_HOME", tempfile.gettempdir())) / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
