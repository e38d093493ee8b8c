"""Showing jobs live: a panel for each on a terminal, else plain lines."""

import queue
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.spinner import Spinner
from rich.text import Text

from app.cli.client import Client

#: How many of a job's last lines are shown in its panel.
LINES = 8
#: How many lines of a step are shown where there is no terminal.
STEP_LINES = 20
_ENDED = {"completed", "failed", "cancelled"}


@dataclass(frozen=True)
class Event:
    """Something that happened to a job: kind `log`, `job`, `end` or `error`."""

    name: str
    kind: str
    data: Any


@dataclass
class View:
    """What is seen of a job so far."""

    name: str
    status: str = "pending"
    step: str = ""
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=LINES))
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None
    _rest: str = ""

    def take(self, event: Event) -> list[str]:
        """Note an event; return the lines of text that it adds, without an unfinished last one."""
        lines: list[str] = []
        if event.kind == "log":
            *lines, self._rest = (self._rest + event.data["text"]).split("\n")
        elif event.kind == "end" and self._rest:
            lines, self._rest = [self._rest], ""
        if event.kind == "job":
            self.status, self.step = event.data["status"], event.data["current_step"] or ""
        if event.kind == "end" or self.status in _ENDED:
            self.ended = self.ended or time.monotonic()
        self.lines += lines
        return lines

    @property
    def title(self) -> str:
        """The job's name, state, step and age."""
        seconds = (self.ended or time.monotonic()) - self.began
        words = [self.name, self.status, self.step if not self.ended else "", f"{seconds:.0f} s"]
        return " · ".join(filter(None, words))

    def __rich__(self) -> Panel:
        """Return the panel with the last lines."""
        text = Text("\n".join(self.lines), style="dim", no_wrap=True, overflow="ellipsis")
        head = Text(self.title) if self.ended else Spinner("dots", self.title)
        return Panel(Group(head, text), height=LINES + 3)


class Printer:
    """Prints jobs' steps, and of each step the first lines that the log has meanwhile."""

    def __init__(self, console: Console, views: dict[str, View]) -> None:
        self._console = console
        self._views = views
        self._printed = dict.fromkeys(views, 0)

    def show(self, event: Event) -> None:
        """Print what an event adds."""
        view = self._views[event.name]
        step = view.step
        for line in view.take(event):
            self._printed[event.name] += 1
            if self._printed[event.name] <= STEP_LINES:
                self._print(event.name, "|", line)
        if event.kind == "end" or view.step != step:
            self._leave_out(event.name)
        if view.step != step and not view.ended:
            self._print(event.name, ">", view.step)

    def _leave_out(self, name: str) -> None:
        """Say how many lines were not printed, and begin to count anew."""
        if (more := self._printed[name] - STEP_LINES) > 0:
            self._print(name, "|", f"... {more} more lines")
        self._printed[name] = 0

    def _print(self, name: str, mark: str, text: str) -> None:
        self._console.print(f"{name:>10} {mark} {text}", markup=False, soft_wrap=True)


def follow_all(client: Client, jobs: dict[str, int], console: Console) -> None:
    """Show all jobs, side by side, until all have ended; raises what following one raises."""
    views = {name: View(name) for name in jobs}
    if not console.is_terminal:
        printer = Printer(console, views)
        for event in _events(client, jobs):
            printer.show(event)
        return
    with Live(Group(*views.values()), console=console, refresh_per_second=8):
        for event in _events(client, jobs):
            views[event.name].take(event)


def _events(client: Client, jobs: dict[str, int]) -> Iterator[Event]:
    """Yield what happens to all jobs, as it happens, until all have ended."""
    happened: queue.Queue[Event] = queue.Queue()
    for name, job_id in jobs.items():
        # Daemons: whoever presses Ctrl-C does not wait for them.
        threading.Thread(target=_follow, args=(client, name, job_id, happened), daemon=True).start()
    going = set(jobs)
    while going:
        event = happened.get()
        if event.kind == "error":
            raise event.data
        if event.kind == "end":
            going.remove(event.name)
        yield event


def _follow(client: Client, name: str, job_id: int, happened: "queue.Queue[Event]") -> None:
    try:
        for kind, data in client.follow(job_id):
            happened.put(Event(name, kind, data))
    except Exception as error:  # noqa: BLE001 - raised again where the events are read
        happened.put(Event(name, "error", error))
