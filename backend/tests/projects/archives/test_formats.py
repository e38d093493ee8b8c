"""What is read of good archives, whatever they are packed with."""

import gzip
import io
import lzma
import shutil
import subprocess
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.projects.archives import File, Limits, RefusedError, read_archive
from tests.projects.archives.building import (
    END,
    KINDS,
    PACKINGS,
    ZipEntry,
    archive_of,
    raw_zip,
    tar_entry,
    tar_of,
    zip_of,
    zstd,
)
from tests.projects.archives.reading import LIMITS, read, refusal

FILES = {"rtl/top.v": b"module top; endmodule\n", "a b.txt": b"", "größe/語.sv": b"x" * 200_000}


@pytest.mark.parametrize("kind", KINDS)
def test_files_come_out_as_they_went_in(kind: str) -> None:
    assert read(archive_of(kind, FILES)).files == FILES


NAMES = st.from_regex(r"[a-z]{1,3}(/[a-z0-9.]{1,12}x){0,3}", fullmatch=True)


@settings(max_examples=60)
@given(st.sampled_from(KINDS), st.dictionaries(NAMES, st.binary(max_size=3000), max_size=8))
def test_any_files(kind: str, files: dict[str, bytes]) -> None:
    files = {f"{number}/{name}": data for number, (name, data) in enumerate(files.items())}
    if files:
        assert read(archive_of(kind, files)).files == files


@pytest.mark.parametrize("style", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_in_each_style_of_tar(style: int) -> None:
    name = "/".join(["folder-of-a-long-name"] * 6 + ["file.v"])
    assert read(tar_of({name: b"1"}, style)).files == {name: b"1"}


@pytest.mark.parametrize("style", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_names_longer_than_a_header(style: int) -> None:
    name = "/".join(["n" * 90] * 4)
    assert read(tar_of({name: b"1"}, style)).files == {name: b"1"}


def test_a_tar_of_version_7() -> None:
    old = bytearray(tar_entry("a.v", data=b"old"))
    old[257:265] = bytes(8)
    old[148:156] = b" " * 8
    old[148:156] = b"%06o\0 " % sum(old[:512])
    assert read(bytes(old) + END).files == {"a.v": b"old"}


@pytest.mark.skipif(shutil.which("tar") is None, reason="there is no tar(1)")
def test_what_gnu_tar_packs(tmp_path: Path) -> None:
    long = tmp_path / "in" / ("d" * 120)
    long.mkdir(parents=True)
    (long / ("f" * 120)).write_bytes(b"long")
    (tmp_path / "in" / "b.v").write_bytes(b"b")
    packed = subprocess.run(
        ["tar", "-C", tmp_path / "in", "-cz", "."], stdout=subprocess.PIPE, check=True
    ).stdout
    assert read(packed).files == {"d" * 120 + "/" + "f" * 120: b"long", "b.v": b"b"}


def test_what_is_written_as_a_stream() -> None:
    """Sizes come after the data, or in 64 bits."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise io.UnsupportedOperation

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("a.v", "w", force_zip64=True) as file:
            file.write(b"a" * 1000)
        archive.writestr("b.v", b"b")
    assert read(pipe.getvalue()).files == {"a.v": b"a" * 1000, "b.v": b"b"}


def test_members_that_follow_one_another_are_one() -> None:
    tar = tar_of(FILES)
    for pack in (gzip.compress, lzma.compress, zstd.compress):
        assert read(pack(tar[:700]) + pack(b"") + pack(tar[700:])).files == FILES
    assert read(gzip.compress(tar) + bytes(512)).files == FILES


def test_a_frame_to_be_skipped() -> None:
    skipped = b"\x50\x2a\x4d\x18\x04\0\0\0what"
    assert read(skipped + zstd.compress(tar_of(FILES))).files == FILES


def test_the_commit_that_git_writes_before_all() -> None:
    commit = tarfile.TarInfo.create_pax_global_header({"comment": "a" * 40})
    assert read(commit + tar_of({"repo/a.v": b"1"})).files == {"repo/a.v": b"1"}


def test_folders_are_no_files() -> None:
    assert read(tar_entry("./", b"5") + tar_entry("rtl/", b"5") + tar_of({"./rtl/a": b""})).files
    assert read(zip_of({"rtl/": b"", "rtl/a": b"1"})).files == {"rtl/a": b"1"}


def test_what_desktops_and_version_control_add_is_left_out() -> None:
    junk = {
        "top/.git/HEAD": b"ref",
        "top/.git/objects/ab/cd?": b"\0",
        "__MACOSX/top/._a.v": b"fork",
        "top/.DS_Store": b"x",
        "top/._a.v": b"x",
        "top/rtl/.svn/entries": b"x",
    }
    files = {"top/a.v": b"1", "top/.gitignore": b"2", "top/.github/ci.yml": b"3"}
    for kind in KINDS:
        found = read(archive_of(kind, junk | files))
        assert found.files == files
        assert found.left_out == {
            "top/.git": "belongs to version control",
            "top/rtl/.svn": "belongs to version control",
            "__MACOSX": "was put there by a desktop",
            "top/.DS_Store": "was put there by a desktop",
            "top/._a.v": "was put there by a desktop",
        }


def test_archives_within_are_files() -> None:
    inner = zip_of({"../x": b"1"})
    assert read(zip_of({"inner.zip": inner})).files == {"inner.zip": inner}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty."),
        (b"module top; endmodule\n" * 40, "in no format that is known here"),
        (b"BZh91AY&SY" + bytes(600), "bzip2"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(600), "7z"),
        (b"Rar!\x1a\x07" + bytes(600), "RAR"),
        (b"--boundary\r\n" + bytes(600), "send the archive itself"),
        (bytes(10240), "in no format that is known here"),
    ],
)
def test_other_formats_are_named(data: bytes, words: str) -> None:
    message = refusal(data)
    assert words in message
    assert "Send a zip, tar, tar.gz, tar.xz or tar.zst." in message


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("zip", "tar")])
def test_what_is_packed_has_to_be_a_tar(kind: str) -> None:
    for inner in (b"text\n" * 500, PACKINGS[kind](tar_of(FILES)), zip_of(FILES)):
        assert "no tar header" in refusal(PACKINGS[kind](inner.ljust(600, b"\1")))


@pytest.mark.parametrize("kind", KINDS)
def test_memory_stays_flat(kind: str) -> None:
    """What unpackers written in C hold is bounded by the settings that they are given."""
    pattern = bytes(range(256)) * 64
    data = archive_of(kind, {"a": pattern * 1000, "b": pattern * 1000})
    limits = Limits(total_bytes=1 << 30, file_bytes=1 << 30, entries=10, ratio=1 << 30)
    size, file = 0, io.BytesIO(data)
    tracemalloc.start()
    try:
        for entry in read_archive(file, limits):
            assert isinstance(entry, File)
            size += sum(len(chunk) for chunk in entry.chunks)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size == 2 * 1000 * len(pattern)
    assert peak < 4 << 20


def test_what_the_reader_skips_has_to_be_good_too() -> None:
    bad = raw_zip(ZipEntry(b"a", b"1", crc=1), ZipEntry(b"b", b"2"))
    with pytest.raises(RefusedError, match="CRC"):
        list(read_archive(io.BytesIO(bad), LIMITS))


def test_a_reader_may_skip_what_it_does_not_want() -> None:
    for kind in KINDS:
        data = io.BytesIO(archive_of(kind, FILES))
        assert len(list(read_archive(data, LIMITS))) == len(FILES)
