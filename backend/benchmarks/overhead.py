"""What the platform adds to a job's time: the same tools by hand and through a6hub, in turn.

    ./a6hub up --data DIR          (in another terminal)
    ./a6hub bench overhead --data DIR

By hand means the very commands of the job, run by a shell user in a folder of their own. Through
a6hub means from the request to the moment at which the job's end is known to a client.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from app.cli.client import Client
from app.cli.demo import BUILD, SAMPLE, SIMULATION
from app.cli.stack import ADMIN, default_data, description_file
from app.core.settings import Settings
from app.toolchains.base import SOURCE
from app.toolchains.registry import default_toolchain, make_toolchains


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=default_data())
    parser.add_argument("--simulations", type=int, default=20)
    parser.add_argument("--builds", type=int, default=0)
    arguments = parser.parse_args()
    description = json.loads(description_file(arguments.data).read_text())
    password = Path(description["admin_password_file"]).read_text()
    client = Client.log_in(description["url"], ADMIN, password)
    project = client.create_project(f"benchmark {time.time():.0f}")
    for path in SAMPLE.iterdir():
        client.put_file(project, path.name, path.read_bytes())
    print(f"{'job':<12}{'runs':>6}{'by hand':>12}{'a6hub':>12}{'added':>12}{'ratio':>8}")
    for job_type, config, runs in (
        ("simulation", SIMULATION, arguments.simulations),
        ("build", BUILD, arguments.builds),
    ):
        if runs:
            compare(client, project, job_type, dict(config), runs)


def compare(
    client: Client, project: int, job_type: str, config: dict[str, object], runs: int
) -> None:
    """Run a job by hand and through a6hub, in turn, and print medians in seconds."""
    by_hand, through = [], []
    for _ in range(runs):
        by_hand.append(seconds(lambda: run_by_hand(job_type, config)))
        through.append(seconds(lambda: run_job(client, project, job_type, config)))
    hand, platform = statistics.median(by_hand), statistics.median(through)
    print(
        f"{job_type:<12}{runs:>6}{hand:>10.3f} s{platform:>10.3f} s"
        f"{platform - hand:>10.3f} s{platform / hand:>8.2f}"
    )


def seconds(action: Callable[[], None]) -> float:
    """Return how long `action` takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def run_by_hand(job_type: str, config: dict[str, object]) -> None:
    """Run the job's own commands in a fresh folder, without what a6hub puts around them."""
    toolchain = default_toolchain(make_toolchains(Settings()), job_type)
    with tempfile.TemporaryDirectory() as folder:
        workdir = Path(folder)
        shutil.copytree(SAMPLE, workdir / SOURCE)
        complete = toolchain.validate(config, [path.name for path in SAMPLE.iterdir()])
        for command in toolchain.prepare(complete, workdir).commands:
            bare = command.argv[command.wrapper_words :] if job_type == "build" else command.argv
            own = {"NUMBA_CACHE_DIR": command.env.get("A6HUB_NUMBA_CACHE", "")}
            env = {"PATH": os.environ["PATH"], "HOME": folder, **command.env, **own}
            cwd = workdir / command.cwd
            subprocess.run(bare, cwd=cwd, env=env, capture_output=True, check=True)


def run_job(client: Client, project: int, job_type: str, config: dict[str, object]) -> None:
    """Submit a job and wait for its end."""
    job_id = client.submit(project, job_type, config)
    for kind, data in client.follow(job_id):
        if kind == "end" and data["status"] != "completed":
            raise SystemExit(f"job {job_id}: {data['message']}")


if __name__ == "__main__":
    main()
