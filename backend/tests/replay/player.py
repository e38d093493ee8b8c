"""Plays a recorded run directory back as LibreLane would have left it, step by step.

It stands where LibreLane's Python would be: `python -m librelane OPTIONS CONFIG`. Beside it lie
`recording/`, a run directory, and `control.json`: {"speed": how many times faster than it was,
"hold": the id of a step that does not end as long as this says so, or null}.

What LibreLane writes first of a step (config.json, state_in.json) comes first here too, and
state_out.json and runtime.txt last. A state that is given with --with-initial-state has to be the
one with which the step that is begun with was recorded.
"""

import argparse
import json
import re
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RECORDING = HERE / "recording"
FIRST = ("config.json", "state_in.json")
LAST = ("state_out.json", "runtime.txt")
#: By hand, after the flow.
INTERACTIVE = ("klayout-opengui", "openroad-opengui")
_STEP = re.compile(r"(\d+)-[a-z0-9_.-]+")
_REPEATED = re.compile(r"-\d+$")


class Player:
    """One run."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.run = Path(options.force_run_dir).absolute()
        self.begin = options.begin
        self.end = options.to
        self.state = options.with_initial_state

    def play(self) -> int:
        """Play all steps that are wanted; return LibreLane's exit status."""
        self.run.mkdir(parents=True, exist_ok=True)
        (self.run / "resolved.json").write_text(self.renamed(RECORDING / "resolved.json"))
        self.say("Starting…")
        for step, folder in self.wanted():
            if not self.play_step(step, folder):
                return self.finish(2)
        return self.finish(0)

    def wanted(self) -> Iterator[tuple[str, Path]]:
        """Yield ids and folders of the steps to play."""
        playing = self.begin is None
        for step, folder in recorded_steps(RECORDING):
            if not playing and step == self.begin:
                self.check_state(folder)
                playing = True
            if playing:
                yield step, folder
            if step == self.end:
                return

    def check_state(self, folder: Path) -> None:
        """Exit when the state that was given is another than the recorded one."""
        given = json.loads(Path(self.state).read_text())
        recorded = json.loads(self.renamed(folder / "state_in.json"))
        if given != recorded:
            sys.exit(f"the state given for {folder.name} is not the one that was recorded")

    def play_step(self, step: str, recorded: Path) -> bool:
        """Play one step; return whether the flow goes on."""
        numbers = [int(match[1]) for match in map(_STEP.fullmatch, self.names()) if match]
        number = max(numbers, default=0) + 1
        folder = self.run / f"{number:02}-{recorded.name.partition('-')[2]}"
        self.say(f"Running '{step}' at '{folder.name}'…")
        folder.mkdir()
        self.copy(recorded, folder, FIRST)
        self.wait(step, recorded)
        for path in sorted(recorded.rglob("*")):
            if path.is_file() and path.name not in (*FIRST, *LAST):
                target = folder / path.relative_to(recorded)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
        self.leave_views(recorded)
        self.copy(recorded, folder, LAST)
        return (recorded / "state_out.json").exists() or "-checker-" in recorded.name

    def wait(self, step: str, recorded: Path) -> None:
        """Take the recorded time, or as long as the step is held."""
        while control()["hold"] == step:
            time.sleep(0.01)
        time.sleep(recorded_seconds(recorded) / control()["speed"])

    def leave_views(self, recorded: Path) -> None:
        """Make the files that the step's state names, which recordings do not hold."""
        out = recorded / "state_out.json"
        for path in texts(json.loads(self.renamed(out))) if out.exists() else ():
            file = Path(path)
            if file.is_relative_to(self.run) and not file.exists():
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(f"stands for {file.name}\n")

    def copy(self, recorded: Path, folder: Path, names: tuple[str, ...]) -> None:
        """Copy files that name others, as far as they were recorded."""
        for name in names:
            if (recorded / name).exists():
                (folder / name).write_text(self.renamed(recorded / name))

    def renamed(self, file: Path) -> str:
        """Return a file's text with the paths into the run directory as they are here."""
        return re.sub(r'"/[^"]*?/(\d\d+-[a-z0-9_.-]+/)', rf'"{self.run}/\1', file.read_text())

    def names(self) -> list[str]:
        """Return what is in the run directory."""
        return [path.name for path in self.run.iterdir()]

    def finish(self, status: int) -> int:
        """Leave what a flow leaves at its end."""
        for name in ("error.log", "warning.log"):
            if (RECORDING / name).exists():
                shutil.copyfile(RECORDING / name, self.run / name)
        if self.end is not None:
            self.save_metrics()
        elif (RECORDING / "final").is_dir():
            shutil.copytree(RECORDING / "final", self.run / "final", copy_function=shutil.copyfile)
        self.say("Flow complete.")
        return status

    def save_metrics(self) -> None:
        """Leave the metrics as of the last step that was played."""
        states = sorted(self.run.glob("*/state_out.json"), key=lambda path: path.parent.name)
        metrics = json.loads(states[-1].read_text())["metrics"]
        (self.run / "final").mkdir()
        (self.run / "final" / "metrics.json").write_text(json.dumps(metrics))

    def say(self, text: str) -> None:
        """Print a line, and write it to flow.log."""
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
        with (self.run / "flow.log").open("a") as log:
            log.write(f"{text}\n")


def recorded_steps(recording: Path) -> Iterator[tuple[str, Path]]:
    """Yield ids and folders of the recorded steps, in order, without what was done by hand."""
    found = [(match, path) for path in recording.iterdir() if (match := _STEP.fullmatch(path.name))]
    for _, path in sorted(found, key=lambda one: int(one[0][1])):
        if not path.name.endswith(INTERACTIVE):
            meta = json.loads((path / "config.json").read_text())["meta"]
            repeated = _REPEATED.search(path.name)
            yield meta["step"] + (repeated[0] if repeated else ""), path


def recorded_seconds(folder: Path) -> float:
    """Return how long a step took."""
    file = folder / "runtime.txt"
    hours, minutes, seconds = (file.read_text() if file.exists() else "0:0:0").strip().split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def texts(value: Any) -> Iterator[str]:
    """Yield all texts in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts(item)


def control() -> Any:
    """Return what the player is told at this moment."""
    return json.loads((HERE / "control.json").read_text())


def main() -> int:
    """Understand as much of LibreLane's command line as a6hub uses."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--force-run-dir", required=True)
    parser.add_argument("--with-initial-state")
    parser.add_argument("--from", dest="begin")
    parser.add_argument("--to")
    return Player(parser.parse_known_args()[0]).play()


if __name__ == "__main__":
    sys.exit(main())
