"""Archives as streams: what tar(1) makes of them, the same bytes each time, in little memory."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.storage.packing import Member, file_of, pack

NAMES = ["a.v", "größe/😀.v", "d/" * 30 + "x" * 200, "with space.v", "d" * 150 + "/" + "é" * 90]


def unpack(data: bytes, folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    subprocess.run(["tar", "-xzf", "-"], input=data, cwd=folder, check=True)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*")}


def test_tar_reads_what_was_packed(tmp_path: Path) -> None:
    members = [Member(name, 3, (b"x", b"yz")) for name in NAMES]
    program = file_of("run.sh", "#!/bin/sh\necho größe\n", is_program=True)
    data = b"".join(pack([*members, program, file_of("empty.txt", "")], 1_700_000_000))
    folder = tmp_path / "out"
    unpack(data, folder)
    assert {name: (folder / name).read_bytes() for name in NAMES} == dict.fromkeys(NAMES, b"xyz")
    assert subprocess.check_output([folder / "run.sh"]).decode() == "größe\n"
    assert (folder / "empty.txt").read_bytes() == b""
    assert (folder / "a.v").stat().st_mtime == 1_700_000_000
    assert (folder / "a.v").stat().st_mode & 0o777 == 0o644


def test_the_same_members_make_the_same_bytes() -> None:
    made = {b"".join(pack([file_of(name, name) for name in NAMES], 1)) for _ in range(2)}
    assert len(made) == 1


def test_pieces_come_before_the_whole_is_read() -> None:
    """Random bytes cannot be packed smaller, so they have to come out as they go in."""
    piece, taken = bytes(range(256)) * 256, 0

    def chunks() -> Iterator[bytes]:
        nonlocal taken
        for number in range(200):
            taken += 1
            yield bytes(byte ^ number for byte in piece)

    packed = pack([Member("large", 200 * len(piece), chunks())], 0)
    next(packed)
    assert taken < 200


def test_content_of_another_size_is_no_archive() -> None:
    for size in (2, 4):
        with pytest.raises(ValueError, match="3 bytes"):
            list(pack([Member("a.v", size, (b"xyz",))], 0))
