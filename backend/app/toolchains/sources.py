"""What a revision holds, by name, and traps in the files themselves."""

import json
from pathlib import Path

from app.toolchains.base import RUN, SOURCE, BadInputError
from app.toolchains.files import open_plain, plain_files, read_json

SOURCE_ENDINGS = (".v", ".sv")
HEADER_ENDINGS = (".vh", ".svh")
_LIST = ".source-files.json"
_BOM = b"\xef\xbb\xbf"
_LFS = b"version https://git-lfs.github.com/spec/"


def make_run_folder(workdir: Path) -> Path:
    """Make run/ and note which files source/ had before any tool ran."""
    run = workdir / RUN
    run.mkdir(exist_ok=True)
    names = [found.name for found in plain_files(workdir / SOURCE)]
    (run / _LIST).write_text(json.dumps(names))
    return run


def original_files(workdir: Path) -> set[str]:
    """Return the files that source/ had at first."""
    names = read_json(workdir, f"{RUN}/{_LIST}")
    return {str(name) for name in names} if isinstance(names, list) else set()


def is_own_file(name: str) -> bool:
    """Return whether a file in run/ is not the tools' but ours."""
    return name == _LIST


def check_beginnings(field: str, workdir: Path, files: list[str]) -> None:
    """Refuse source files that tools misread without a word. Raises BadInputError."""
    for name in files:
        handle = open_plain(workdir / SOURCE, name)
        if handle is None:
            raise BadInputError(field, f"{name!r} is not a plain file of the project.")
        with handle:
            _check_beginning(field, name, handle.read(64))


def _check_beginning(field: str, name: str, beginning: bytes) -> None:
    if beginning.startswith(_BOM):
        raise BadInputError(
            field,
            f"{name} begins with a byte order mark, which hides its first line from the "
            "tools; save it as UTF-8 without BOM.",
        )
    if beginning.startswith(_LFS):
        raise BadInputError(
            field,
            f"{name} is a git-LFS pointer, not the file itself; run `git lfs pull` and "
            "upload it again.",
        )
