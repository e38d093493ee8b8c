"""`a6hub build`: the design in a folder, from here to a layout there."""

import json
import tempfile
from pathlib import Path
from typing import Annotated, Any, BinaryIO, cast

import typer
from rich.console import Console

from app.cli.client import Client
from app.cli.demo_live import follow_all
from app.cli.design import TooLargeError, pack
from app.cli.server import connected

#: The exit status by verdict; what has none failed or was cancelled.
_STATUS = {"clean": 0, "violations": 2}
_FAILED = 1
_INTERRUPTED = 130


class _MistakeError(typer.BadParameter):
    """What was asked cannot be done; the usual status of that would tell violations."""

    exit_code = _FAILED


def build(  # noqa: PLR0913, PLR0917 - a command's options are its arguments
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="The design.")] = Path(),
    project: Annotated[str, typer.Option(help="The project; by default named as DIR.")] = "",
    flow: Annotated[str | None, typer.Option(help="LibreLane's flow: Classic, Offline.")] = None,
    pdk: Annotated[str | None, typer.Option(help="The PDK: sky130A.")] = None,
    preset: Annotated[str | None, typer.Option(help="minimal, balanced, ...")] = None,
    config: Annotated[
        list[str] | None,
        typer.Option("-c", "--config", metavar="KEY=VALUE", help="One of LibreLane's variables."),
    ] = None,
    begin: Annotated[
        str | None,
        typer.Option("--from", metavar="STEP", help="Begin the newest build there, as it was."),
    ] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="STEP", help="End after it.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Follow it to its end.")] = False,
) -> None:
    """Build the design in DIR: its files are sent, then LibreLane runs.

    With --watch the exit status tells the verdict: 0 clean, 2 violations, 1 anything else.
    """
    console = Console(highlight=False, soft_wrap=True)
    wanted = {"flow": flow, "pdk": pdk, "preset": preset}
    chosen = {key: value for key, value in wanted.items() if value is not None}
    variables = dict(map(_variable, config or []))
    if begin is not None and chosen:
        raise _MistakeError(f"--{next(iter(chosen))} cannot change after --from.")
    with connected() as client:
        name = project or _name(folder)
        if begin is None:
            request = {**chosen, "to": end, "variables": variables}
            job = _submit(client, name, folder, request, console)
        else:
            job = client.restart(_newest(client, name), begin, end, variables)
        _tell_of(client, job, console)
        status = _watch(client, job, console) if watch else 0
    raise typer.Exit(status)


def _variable(text: str) -> tuple[str, Any]:
    """Read KEY=VALUE; a value that is JSON is taken as that, else as text."""
    name, found, value = text.partition("=")
    if not found or not name:
        raise _MistakeError(f"{text!r} is not of the form KEY=VALUE.")
    try:
        return name, json.loads(value, parse_constant=_no_number)
    except ValueError:
        return name, value


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


def _name(folder: Path) -> str:
    if not folder.is_dir():
        raise _MistakeError(f"{folder} is no folder.")
    return folder.resolve().name or "design"


def _submit(
    client: Client, name: str, folder: Path, request: dict[str, Any], console: Console
) -> int:
    """Send the design and ask for a build of it; return the job's id."""
    number = _project(client, name)
    _send(client, number, folder, console)
    return client.submit(number, "build", request)


def _tell_of(client: Client, job: int, console: Console) -> None:
    console.print(f"build {job}: {client.url}/jobs/{job}", markup=False)
    if (waits := client.job(job)["waits_for"]) is not None:
        console.print(waits, markup=False)


def _project(client: Client, name: str) -> int:
    """Return the caller's project of that name, made if there is none."""
    found = client.find_project(name)
    return client.create_project(name) if found is None else found


def _newest(client: Client, name: str) -> int:
    """Return the newest build of the caller's project of that name."""
    number = client.find_project(name)
    if number is None:
        raise _MistakeError(f"You have no project {name!r}; build it first, without --from.")
    return client.newest(number, "build")


def _send(client: Client, project: int, folder: Path, console: Console) -> None:
    """Make the project's files those of the folder."""
    with tempfile.TemporaryFile() as archive:
        try:
            count = pack(folder, cast("BinaryIO", archive))
        except TooLargeError as error:
            raise _MistakeError(f"{error} Name the folder of a design.") from None
        if count == 0:
            raise _MistakeError(f"{folder} holds no files of a design.")
        archive.seek(0)
        done = client.import_archive(project, cast("BinaryIO", archive))
    news = [f"{len(done[kind])} {kind}" for kind in ("added", "changed", "removed") if done[kind]]
    console.print(f"{count} files sent: {', '.join(news) or 'none is new'}", markup=False)
    for one in done["left_out"]:
        console.print(f"left out: {one['path']}: {one['reason']}", markup=False)


def _watch(client: Client, job_id: int, console: Console) -> int:
    """Show the build until it has ended; return the exit status."""
    try:
        follow_all(client, {"build": job_id}, console)
    except KeyboardInterrupt:
        console.print(f"\nthe build goes on: {client.url}/jobs/{job_id}", markup=False)
        return _INTERRUPTED
    job, result = client.job(job_id), client.result(job_id)
    for figure in result["headline"]:
        console.print(_figure(figure), markup=False)
    console.print(f"{job['status']}: {job['message']}", markup=False)
    if hint := (result["failure"] or {}).get("hint"):
        console.print(f"What to do: {hint}", markup=False)
    return _STATUS.get(job["verdict"] or "", _FAILED) if job["status"] == "completed" else _FAILED


def _figure(figure: dict[str, Any]) -> str:
    """Return a line: whether it is good, name, value (a text if JSON has no such number), unit."""
    mark = {True: "✓", False: "✗", None: " "}[figure["good"]]
    value = figure["value"]
    shown = f"{value:,.6g}" if isinstance(value, float) else str(value)
    return f"{mark} {figure['name']:<20}{shown:>12} {figure['unit']}"
