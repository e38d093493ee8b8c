"""Whatever is done to an archive: what comes out is good, or it is refused."""

import gzip
import lzma
import tarfile
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from app.projects.archives import Limits, RefusedError
from app.projects.paths import check_path
from tests.projects.archives.building import (
    END,
    KINDS,
    ZipEntry,
    archive_of,
    raw_zip,
    tar_entry,
    tar_of,
    zstd,
)
from tests.projects.archives.reading import Read, read

FILES = {"top/rtl/a.v": b"module a; endmodule\n" * 30, "top/ü.v": b"", "top/x.hex": bytes(900)}
LINKED = (
    tar_entry("top/a.v", data=b"1")
    + tar_entry("top/link", tarfile.SYMTYPE, linkname="a.v")
    + tar_entry("top/hard", tarfile.LNKTYPE, linkname="top/a.v")
    + tar_entry("top/" + "n" * 180, data=b"2", pax_headers={"comment": "c"})
    + END
)
SAMPLES = [
    *(archive_of(kind, FILES) for kind in KINDS),
    tar_of({"/".join(["n" * 90] * 4): b"1"}, tarfile.GNU_FORMAT),
    LINKED,
    gzip.compress(LINKED),
    raw_zip(ZipEntry(b"a", b"1"), ZipEntry(b"l", b"a", mode=0o120777), ZipEntry(b"d/")),
]
REPACKS: list[Callable[[bytes], bytes]] = [
    bytes,
    gzip.compress,
    lambda data: lzma.compress(data, preset=0),
    zstd.compress,
]
LIMITS = Limits(total_bytes=1 << 20, file_bytes=1 << 19, entries=50, ratio=200)
LONG = settings(max_examples=400)


def check(data: bytes) -> None:
    try:
        found, refused = read(data, LIMITS), ""
    except RefusedError as error:
        found, refused = Read(), error.detail
    assert refused.isprintable()
    assert sum(map(len, found.files.values())) <= LIMITS.total_bytes
    paths = [*found.files, *found.copies]
    assert len(paths) == len(set(paths))
    for path in paths:
        assert check_path(path) == path
        assert not {".git", "__MACOSX"} & set(path.split("/"))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A sample with bytes overwritten, cut out, doubled, or taken from another sample."""
    data = bytearray(draw(st.sampled_from(SAMPLES)))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(0, len(data) - 1)))
        length = draw(st.integers(0, 40))
        other = draw(st.sampled_from(SAMPLES))
        begin = draw(st.integers(0, len(other)))
        change = draw(st.sampled_from(["set", "cut", "double", "splice", "end"]))
        if change == "set":
            data[place : place + length] = draw(st.binary(min_size=length, max_size=length))
        elif change == "cut":
            del data[place : place + length]
        elif change == "double":
            data[place:place] = data[place : place + length]
        elif change == "splice":
            data[place:place] = other[begin : begin + 600]
        else:
            del data[place:]
    return bytes(data)


@LONG
@given(mutated())
def test_mutated_archives(data: bytes) -> None:
    check(data)


@st.composite
def headers(draw: st.DrawFn) -> bytes:
    """A tar of one or two entries with anything in their headers, checksums being right."""
    blocks = []
    for _ in range(draw(st.integers(1, 3))):
        block = bytearray(
            tar_entry("a/b", draw(st.sampled_from([bytes([k]) for k in b"0125xgLKS"])))
        )
        for _ in range(draw(st.integers(0, 3))):
            place = draw(st.integers(0, 511))
            block[place : place + 3] = draw(st.binary(min_size=3, max_size=3))
        del block[512:]
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
        blocks += [bytes(block), draw(st.binary(max_size=512)).ljust(512, b"\0")]
    return draw(st.sampled_from(REPACKS))(b"".join(blocks) + END)


@LONG
@given(headers())
def test_any_headers_of_a_tar(data: bytes) -> None:
    check(data)


ENTRY = st.builds(
    ZipEntry,
    name=st.binary(max_size=12) | st.sampled_from([b"a", b"A", b"a/", b"a/b", b"../a", b".git/a"]),
    data=st.binary(max_size=40),
    flags=st.sampled_from([0, 0, 1, 8, 1 << 11]),
    method=st.sampled_from([0, 8, 8, 12]),
    mode=st.sampled_from([0, 0o100644, 0o120777, 0o040755, 0o010644]),
    size=st.none() | st.integers(0, 0xFFFFFFFF),
    packed_size=st.none() | st.integers(0, 99),
    place=st.none() | st.integers(0, 99),
    extra=st.binary(max_size=12),
)


@LONG
@given(st.lists(ENTRY, max_size=4), st.binary(max_size=30))
def test_any_entries_of_a_zip(entries: list[ZipEntry], comment: bytes) -> None:
    check(raw_zip(*entries, comment=comment))


@LONG
@given(st.binary(max_size=2000))
def test_any_bytes(data: bytes) -> None:
    check(data)
    for magic in (b"PK\3\4", b"\x1f\x8b\x08\0", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"):
        check(magic + data)
