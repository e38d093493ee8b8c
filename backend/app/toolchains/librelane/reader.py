"""Reading a run while it goes on, again and again: what is over is read once.

A tick costs one look at the run directory, what was appended to LibreLane's logs and the files of
the steps that run.
"""

from collections import Counter
from itertools import islice
from pathlib import Path
from threading import Lock

from app.toolchains.base import StepReport, StepStatus
from app.toolchains.files import read_text
from app.toolchains.librelane.alerts import alerts_in
from app.toolchains.librelane.changes import metric_changes
from app.toolchains.librelane.ending import logged_statuses
from app.toolchains.librelane.flow_log import FlowLog, LoggedStep
from app.toolchains.librelane.run_directory import (
    MOST_STEPS,
    StepFolder,
    changed,
    kind_of_step,
    look_at,
    numbered_folders,
    version_of,
)
from app.toolchains.librelane.step_names import readable_name
from app.toolchains.librelane.usage import StepUsage, read_usage, seconds_of

_MOST_TEXTS = 20
_MOST_TEXT = 300


class RunReader:
    """Reads one run directory, for any number of threads."""

    def __init__(self, run: Path, place: str = "") -> None:
        """`place` is the run directory below the job's folder, as 'run/build'."""
        self._run = run
        self._place = f"{place}/" if place else ""
        self._log = FlowLog(run)
        self._kinds: dict[str, str] = {}
        #: Which version of a config did not tell.
        self._silent: dict[str, tuple[int, int] | None] = {}
        self._settled: dict[str, StepFolder] = {}
        self._reports: dict[str, StepReport] = {}
        self._lock = Lock()

    def folders(self) -> list[StepFolder]:
        """Return the steps so far in order, without what somebody opened by hand."""
        with self._lock:
            return self._folders()

    def steps(self, ended: bool) -> list[StepReport]:
        """Return the steps so far; `ended`: the flow runs no more, so no step does."""
        with self._lock:
            log = self._log.read(ended)
            folders = log.identified(self._folders())
            if ended and not folders:
                return self._logged_steps()
            logged = log.of(folders)
            last = folders[-1].ordinal if folders else 0
            return [
                self._report(step, logged.get(step.folder), over=ended or step.ordinal < last)
                for step in folders
            ]

    def _logged_steps(self) -> list[StepReport]:
        """Return the steps of a run of which only the logs are kept."""
        found = (
            self._logged_step(one, status)
            for session in self._log.sessions
            for one, status in logged_statuses(session, self._log)
        )
        return list(islice(found, MOST_STEPS))

    def _logged_step(self, step: LoggedStep, status: StepStatus) -> StepReport:
        warnings, errors = self._log.warnings_in(step), self._log.errors_in(step)
        return StepReport(
            step=step.step,
            name=readable_name(step.step),
            status=status,
            warning_count=warnings.total(),
            error_count=errors.total(),
            warnings=_first(warnings),
            errors=_first(errors or Counter(step.last_words)),
        )

    def _folders(self) -> list[StepFolder]:
        numbered = numbered_folders(self._run)
        last = numbered[-1][0] if numbered else 0
        return [self._folder(ordinal, folder, last) for ordinal, folder in numbered]

    def _folder(self, ordinal: int, folder: str, last: int) -> StepFolder:
        settled = self._settled.get(folder)
        if settled is not None:
            return settled
        found = look_at(self._run, ordinal, folder, self._kind(folder))
        if folder in self._kinds and (ordinal < last or self._is_noted_down(found)):
            self._settled[folder] = found
        return found

    def _kind(self, folder: str) -> str | None:
        """Return what the step's config says; it is read again only when it has changed."""
        if folder not in self._kinds:
            version = version_of(self._run, f"{folder}/config.json")
            if self._silent.get(folder) == version:
                return None
            kind = kind_of_step(self._run, folder)
            if kind is None:
                self._silent[folder] = version
                return None
            self._kinds[folder] = kind
        return self._kinds[folder]

    def _is_noted_down(self, step: StepFolder) -> bool:
        """Return whether LibreLane has written the last file of a step that ended well."""
        return step.ended_well and bool(read_text(self._run, f"{step.folder}/runtime.txt", 100))

    def _report(self, step: StepFolder, logged: LoggedStep | None, *, over: bool) -> StepReport:
        done = self._reports.get(step.folder)
        if done is not None:
            return done
        settled = over or step.folder in self._settled
        report = self._read(step, logged, over=settled)
        if settled:
            self._reports[step.folder] = report
        return report

    def _read(self, step: StepFolder, logged: LoggedStep | None, *, over: bool) -> StepReport:
        used = read_usage(self._run, step.folder) if over else StepUsage()
        warnings, errors = self._texts(step, logged, over=over)
        return StepReport(
            step=step.step,
            name=step.name,
            status=_status(step, over=over),
            started_at=changed(self._run, f"{step.folder}/state_in.json"),
            seconds=seconds_of(read_text(self._run, f"{step.folder}/runtime.txt", 100)),
            cpu_seconds=used.cpu_seconds,
            peak_memory_bytes=used.peak_memory_bytes,
            folder=self._place + step.folder,
            warning_count=warnings.total(),
            error_count=errors.total(),
            warnings=_first(warnings),
            errors=_first(errors),
            metric_changes=metric_changes(self._run, step.folder) if step.ended_well else {},
        )

    def _texts(
        self, step: StepFolder, logged: LoggedStep | None, *, over: bool
    ) -> tuple[Counter[str], Counter[str]]:
        """Return warnings and errors: what LibreLane noted, and of a step that is over its logs'.

        LibreLane notes what OpenROAD says as well; nothing is counted twice.
        """
        warnings = self._log.warnings_in(logged) if logged else Counter()
        errors = self._log.errors_in(logged) if logged else Counter()
        if over:
            said = alerts_in(self._run, step.folder)
            warnings, errors = said.warnings | warnings, said.errors | errors
            if logged and not errors:
                errors = Counter(logged.last_words)
        return warnings, errors


def read_steps(run: Path, ended: bool) -> list[StepReport]:
    """Return a run's steps, read once. See RunReader.steps."""
    return RunReader(run).steps(ended)


def _status(step: StepFolder, *, over: bool) -> StepStatus:
    if step.ended_well or (over and not step.has_notes):
        return StepStatus.COMPLETED
    return StepStatus.FAILED if over else StepStatus.RUNNING


def _first(texts: Counter[str]) -> tuple[str, ...]:
    return tuple(text[:_MOST_TEXT] for text in list(texts)[:_MOST_TEXTS])
