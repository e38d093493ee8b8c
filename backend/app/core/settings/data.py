"""What this machine keeps on its own disk."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from app.core.settings.group import Group, own


class DataSettings(Group):
    """The folder of this machine's own files."""

    section: ClassVar = "Where things are"

    data_dir: Path = Field(
        Path("/var/lib/a6hub"),
        validation_alias=own("DATA_DIR"),
        description="The folder of this machine's own files: work folders, and database and store "
        "unless they are elsewhere.",
    )

    @property
    def work_dir(self) -> Path:
        """The folder in which this machine's worker keeps the folders of running attempts."""
        return self.data_dir / "work"
