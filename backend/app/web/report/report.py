"""What a report shows, and making the page of it."""

import base64
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app import __version__
from app.models import Artifact, Job, Step
from app.schemas.job_results import ResultView
from app.storage.store import Store
from app.web.report import drawn, words

#: Larger pictures are left out: the report is for sending by mail.
MOST_PICTURE = 2 << 20
_PNG = b"\x89PNG\r\n\x1a\n"

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {
    "seconds": words.seconds_in_words,
    "bytes": words.bytes_in_words,
    "figure": words.figure_in_words,
    "number": words.number_in_words,
    "is_negative": lambda value: words.number_of_value(value) < 0,
    "json": words.json_in_words,
}


@dataclass(frozen=True)
class Report:
    """See the module."""

    job: Job
    project: str
    result: ResultView
    steps: list[Step]
    artifacts: list[Artifact]

    def html(self, store: Store) -> str:
        """Return the page."""
        template = _environment.get_template("report.html")
        return template.render(
            report=self,
            job=self.job,
            result=self.result,
            picture=self._picture(store),
            times=drawn.times(self.steps),
            slacks=[*drawn.slacks(self.result)],
            cells=drawn.cells(self.result),
            version=__version__,
        )

    @property
    def seconds(self) -> float | None:
        """How long the job ran."""
        job = self.job
        if job.started_at is None or job.ended_at is None:
            return None
        return (job.ended_at - job.started_at).total_seconds()

    @property
    def files(self) -> dict[str, list[Artifact]]:
        """The artifacts by kind."""
        kinds = sorted({one.kind for one in self.artifacts})
        return {kind: [one for one in self.artifacts if one.kind == kind] for kind in kinds}

    @property
    def noted(self) -> list[Step]:
        """The steps that have said something."""
        return [
            step for step in self.steps if step.notes.get("errors") or step.notes.get("warnings")
        ]

    def _picture(self, store: Store) -> str | None:
        """Return the layout as a data URI, if there is one and it is not too large."""
        found = [
            one
            for one in self.artifacts
            if one.name.lower().endswith(".png") and one.size <= MOST_PICTURE
        ]
        found.sort(key=lambda one: not one.name.startswith("final/"))
        for one in found:
            try:
                data = store.get(one.key)
            except FileNotFoundError:
                continue
            if data.startswith(_PNG):
                return f"data:image/png;base64,{base64.b64encode(data).decode()}"
        return None
