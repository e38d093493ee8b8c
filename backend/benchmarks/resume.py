"""What it saves to go on from a step instead of building anew: the same design, in turn.

    ./a6hub up --data DIR          (in another terminal)
    ./a6hub bench resume --data DIR

Each time is from the request to the moment at which the job's end is known to a client. Going on
from a step is what an attempt does whose predecessor was killed there, and what a user asks for.
"""

import argparse
import json
import statistics
import time
from collections import defaultdict
from functools import partial
from pathlib import Path

from app.cli.client import Client
from app.cli.demo import BUILD, SAMPLE
from app.cli.stack import ADMIN, default_data, description_file
from benchmarks.overhead import run_job, seconds

STEPS = ("Offline.Placement", "Offline.DetailedRouting", "Offline.DRC", "Checker.LVS")


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=default_data())
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    description = json.loads(description_file(arguments.data).read_text())
    password = Path(description["admin_password_file"]).read_text()
    with Client.log_in(description["url"], ADMIN, password) as client:
        project = client.create_project(f"benchmark {time.time():.0f}")
        for path in SAMPLE.iterdir():
            client.put_file(project, path.name, path.read_bytes())
        _print(_measure(client, project, arguments.rounds))


def _measure(client: Client, project: int, rounds: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = defaultdict(list)
    config = {**BUILD, "flow": "Offline"}
    for _ in range(rounds):
        times["the whole"].append(seconds(lambda: run_job(client, project, "build", config)))
        whole = client.newest(project, "build")
        for step in STEPS:
            times[f"from {step}"].append(seconds(partial(_go_on, client, whole, step)))
    return times


def _go_on(client: Client, job_id: int, step: str) -> None:
    new = client.restart(job_id, step, None, {})
    for kind, data in client.follow(new):
        if kind == "end" and data["status"] != "completed":
            raise SystemExit(f"job {new}: {data['message']}")


def _print(times: dict[str, list[float]]) -> None:
    medians = {name: statistics.median(of) for name, of in times.items()}
    whole = medians["the whole"]
    print(f"{'build':<28}{'median':>10}{'of the whole':>15}")
    for name, median in medians.items():
        print(f"{name:<28}{median:>8.2f} s{median / whole:>14.0%}")


if __name__ == "__main__":
    main()
