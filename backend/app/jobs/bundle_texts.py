"""The texts in a bundle that are for people and for the shell."""

from app import __version__
from app.models import Job
from app.toolchains.base import Recipe

_RUN = """\
#!/bin/sh
# Does again what job {job} did. What it needs is in README.md.
set -eu
cd "$(dirname "$0")"
{script}"""
_README = """\
# Job {job}: a {job_type}

Made by a6hub {version}. This folder repeats the job without a6hub. It needs

{needs}
What it holds:

| file | what |
| --- | --- |
| `source/` | the project's files as the job had them |
| `run.sh` | the command |
{files}| `versions.json` | the job, and with which tools it ran: the same give the same result |
| `metrics.json` | what came out, to compare with; empty if the job has no result |

The job is {status}. What `run.sh` makes lies in `run/`{beside}.
{continued}"""
_CONTINUED = """
The job began with steps that job {job} had finished, with another config perhaps; `run.sh` takes
all steps from the first on with this job's config.
"""


def run_script(job: Job, recipe: Recipe) -> str:
    """Return the script that does a job again."""
    return _RUN.format(job=job.id, script=recipe.script)


def readme(job: Job, recipe: Recipe) -> str:
    """Return what the bundle is, in Markdown."""
    verdict = f", {job.verdict}" if job.verdict else ""
    return _README.format(
        job=job.id,
        job_type=job.job_type,
        version=__version__,
        needs=recipe.needs,
        files="".join(f"| `{name}` | given to the tools |\n" for name in sorted(recipe.files)),
        status=f"{job.status}{verdict}",
        beside="" if job.job_type == "build" else " and beside the sources",
        continued=_CONTINUED.format(job=job.continues) if job.continues else "",
    )
