"""Tar files that lie, and what is packed around them."""

import gzip
import lzma
import tarfile

import pytest

from tests.projects.archives.building import (
    END,
    PACKINGS,
    Pack,
    tar_entry,
    tar_header,
    tar_of,
    zstd,
)
from tests.projects.archives.reading import read, refusal

GOOD = tar_of({"a.v": b"x" * 5000, "b.v": b"y"})
PACKED = [pack for name, pack in PACKINGS.items() if name != "tar"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (b"3", "device"),
        (b"4", "device"),
        (b"6", "FIFO"),
        (b"M", "several parts"),
        (b"Z", "no file"),
    ],
)
def test_what_is_no_file(kind: bytes, words: str) -> None:
    message = refusal(tar_header(b"dev/x", kind, 0) + END)
    assert "archive/dev/x: is" in message
    assert words in message


def test_sparse_files() -> None:
    assert "sparse" in refusal(tar_header(b"a", b"S", 0) + END)
    pax = {"GNU.sparse.major": "1", "GNU.sparse.name": "a", "GNU.sparse.realsize": "99999999999"}
    assert "sparse" in refusal(tar_entry("a", pax_headers=pax) + END)


@pytest.mark.parametrize("kind", [b"1", b"2", b"5"])
def test_a_link_or_folder_that_holds_data(kind: bytes) -> None:
    data = tar_header(b"a", kind, 3) + b"abc".ljust(512, b"\0") + END
    assert "but holds data" in refusal(data)


@pytest.mark.parametrize("end", [100, 512, 600, 1024, 3000, 6000, len(GOOD.rstrip(b"\0"))])
def test_cut_off(end: int) -> None:
    message = refusal(GOOD[:end])
    assert "cut off" in message or "no format that is known" in message


@pytest.mark.parametrize("pack", PACKED)
def test_cut_off_in_its_packing(pack: Pack) -> None:
    packed = pack(GOOD)
    for end in (len(packed) - 1, len(packed) - 9, len(packed) // 2, 20):
        assert "cut off" in refusal(packed[:end])


@pytest.mark.parametrize("pack", PACKED)
def test_damaged_in_its_packing(pack: Pack) -> None:
    packed = bytearray(pack(GOOD))
    for place in range(len(packed) // 4, len(packed), len(packed) // 9):
        broken = packed.copy()
        broken[place] ^= 0x55
        assert refusal(bytes(broken))


def test_a_checksum_at_the_end_is_looked_at() -> None:
    gz = bytearray(gzip.compress(GOOD))
    gz[-6] ^= 1
    assert "cannot be unpacked: gzip says" in refusal(bytes(gz))


@pytest.mark.parametrize("pack", PACKED)
def test_something_after_the_end_of_its_packing(pack: Pack) -> None:
    assert "something after its end" in refusal(pack(GOOD) + b"more")


def test_a_second_tar_behind_the_first() -> None:
    assert "two archives are joined" in refusal(GOOD + tar_of({"c.v": b""}))
    assert "two archives are joined" in refusal(gzip.compress(GOOD) + gzip.compress(GOOD))


def test_a_broken_header() -> None:
    assert "no tar header" in refusal(tar_entry("a") + b"\1" * 512 + END)


@pytest.mark.parametrize("size", [b"-1", b"9" * 11, b"\xff" * 12, b"1 2", b"0x10"])
def test_a_broken_size(size: bytes) -> None:
    block = bytearray(tar_header(b"a", b"0", 0))
    block[124:136] = size.ljust(12, b"\0")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    assert "has no size" in refusal(bytes(block) + END)


def test_a_size_beyond_all_bounds() -> None:
    block = bytearray(tar_header(b"a", b"0", 0))
    block[124:136] = b"\x80" + b"\xff" * 11
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    assert "larger than" in refusal(bytes(block) + END)


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K"])
def test_a_huge_header(kind: bytes) -> None:
    data = tar_header(b"h", kind, 50 << 20) + bytes(50 << 20) + tar_entry("a") + END
    assert "header of more than 65536 bytes" in refusal(data)


@pytest.mark.parametrize("kind", [b"x", b"L", b"K"])
def test_a_name_that_no_entry_bears(kind: bytes) -> None:
    body = b"14 path=abcde\n" if kind == b"x" else b"abc"
    data = tar_header(b"h", kind, len(body)) + body.ljust(512, b"\0") + END
    assert "no entry bears" in refusal(data)


@pytest.mark.parametrize(
    "body",
    [
        b"x",
        b"5 a=\n" + b"9",
        b"99 path=a\n",
        b"0 path=a\n",
        b"-9 path=a\n",
        b"10 path=a",
        b"9 path a\n",
        b"5 =a\n",
        b"99999999999999999999 path=a\n",
        b"13 size=0x10\n",
        b"12 size=-1\n\n",
        b"\xd9\xa9 a=b\n",
    ],
)
def test_a_broken_pax_header(body: bytes) -> None:
    data = tar_header(b"h", b"x", len(body)) + body.ljust(512, b"\0") + tar_entry("a") + END
    assert "broken" in refusal(data)


def test_one_name_for_all() -> None:
    for pax in ({"path": "a"}, {"size": "1"}, {"linkpath": "a"}):
        data = tarfile.TarInfo.create_pax_global_header(pax) + GOOD
        assert "one name or size" in refusal(data)


def test_the_size_in_a_pax_header_counts() -> None:
    block = tar_header(b"a", b"0", 0) + b"data".ljust(512, b"\0")
    pax = tar_header(b"h", b"x", 9) + b"9 size=4\n".ljust(512, b"\0")
    assert read(pax + block + END).files == {"a": b"data"}


def test_an_xz_that_wants_much_memory() -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 512 << 20}]
    assert "xz says Memory usage limit" in refusal(lzma.compress(GOOD, filters=filters))


def test_a_zstd_that_wants_much_memory() -> None:
    options = {int(zstd.CompressionParameter.window_log): 29}
    packer = zstd.ZstdCompressor(options=options)
    packed = packer.compress(GOOD) + packer.flush()
    assert "zstd says" in refusal(packed)


def test_a_packing_in_very_many_parts() -> None:
    empty = gzip.compress(b"")
    assert "more than 10000 parts" in refusal(gzip.compress(GOOD[:600]) + empty * 10_001)
