"""Bodies of the project routes."""

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from app.models import Visibility
from app.schemas.base import Body, PlainText, View, example

_NAME = StringConstraints(min_length=1, max_length=100, strip_whitespace=True)
Name = Annotated[str, _NAME, PlainText]
Description = Annotated[str, StringConstraints(max_length=2000), PlainText]


class ProjectBody(Body):
    """A project to be made."""

    model_config = example({"name": "chip", "visibility": "private"})

    name: Name
    description: Description = ""
    visibility: Visibility = Visibility.PRIVATE


class ProjectChange(Body):
    """What to change of a project; what is left out stays."""

    model_config = example({"visibility": "public"})

    name: Name | None = None
    description: Description | None = None
    visibility: Visibility | None = None


class ProjectView(View):
    """A project."""

    id: int
    owner_id: int
    name: str
    description: str
    visibility: Visibility
    created_at: datetime


class FileView(View):
    """A file of a project; `size` in bytes, `digest` the SHA-256 of its content."""

    path: str
    size: int
    digest: str
    updated_at: datetime


class LeftOutView(View):
    """What of an archive was not taken, and why."""

    path: str
    reason: str


class ImportView(View):
    """What an archive made of a project's files; paths in order."""

    added: list[str]
    changed: list[str]
    unchanged: list[str]
    #: Files that are not in the archive, when it was to replace all.
    removed: list[str]
    left_out: list[LeftOutView]
    #: The one folder in which all lay, and which was taken away: 'repo-main'.
    top_folder: str | None
