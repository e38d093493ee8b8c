"""What users may bring in."""

from typing import ClassVar

from pydantic import Field

from app.core.settings.group import API, Group, own


class UploadSettings(Group):
    """Bounds of projects, and of archives while they are unpacked."""

    section: ClassVar = "People"

    max_upload_bytes: int = Field(
        32 << 20,
        validation_alias=own("MAX_UPLOAD_BYTES"),
        gt=0,
        lt=1 << 31,  # what the database's column takes
        description="One file, alone or in an archive; or the files of one request together. "
        "Under 2 GiB.",
        json_schema_extra=API,
    )
    max_project_files: int = Field(
        10_000,
        validation_alias=own("MAX_PROJECT_FILES"),
        gt=0,
        description="The files of a project.",
        json_schema_extra=API,
    )
    max_project_bytes: int = Field(
        1 << 30,
        validation_alias=own("MAX_PROJECT_BYTES"),
        gt=0,
        description="The bytes of a project's files.",
        json_schema_extra=API,
    )
    max_archive_bytes: int = Field(
        64 << 20,
        validation_alias=own("MAX_ARCHIVE_BYTES"),
        gt=0,
        description="An archive, as it is sent.",
        json_schema_extra=API,
    )
    max_unpacked_bytes: int = Field(
        512 << 20,
        validation_alias=own("MAX_UNPACKED_BYTES"),
        gt=0,
        description="All that comes out of an archive, with what is left out of it.",
        json_schema_extra=API,
    )
    max_archive_entries: int = Field(
        50_000,
        validation_alias=own("MAX_ARCHIVE_ENTRIES"),
        gt=0,
        description="What an archive may hold: files, folders and what is left out, together.",
        json_schema_extra=API,
    )
    max_archive_ratio: int = Field(
        200,
        validation_alias=own("MAX_ARCHIVE_RATIO"),
        gt=1,
        description="Unpacked to packed size, of an archive and of each entry of a zip; it "
        "counts above 8 MiB.",
        json_schema_extra=API,
    )
