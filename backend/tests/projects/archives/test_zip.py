"""Zip files that lie."""

import struct
import tracemalloc
import zipfile

import pytest

from tests.projects.archives.building import ZipEntry, deflate, raw_zip, zip_of
from tests.projects.archives.reading import read, refusal

GOOD = ZipEntry(b"a.v", b"module a; endmodule\n", method=8)


def test_the_builder_builds_good_ones() -> None:
    assert read(raw_zip(GOOD)).files == {"a.v": GOOD.data}
    assert read(raw_zip(comment=b"nothing in it")).files == {}


@pytest.mark.parametrize("flag", [1 << 0, 1 << 6, 1 << 13])
def test_encrypted(flag: int) -> None:
    assert "archive/a.v: is encrypted" in refusal(raw_zip(ZipEntry(b"a.v", b"x", flags=flag)))


@pytest.mark.parametrize("method", [1, 9, 12, 14, 93, 99])
def test_other_methods(method: int) -> None:
    assert "use deflate" in refusal(raw_zip(ZipEntry(b"a.v", packed=b"x", method=method)))


def test_lzma_is_named() -> None:
    assert "is packed with LZMA" in refusal(zip_of({"a.v": b"1"}, zipfile.ZIP_LZMA))


@pytest.mark.parametrize(
    "entry",
    [
        ZipEntry(b"a.v", b"x" * 100, method=8, size=99),
        ZipEntry(b"a.v", b"x" * 100, method=8, size=101),
        ZipEntry(b"a.v", b"x" * 100, method=8, size=0),
        ZipEntry(b"a.v", b"x" * 100, size=101),
        ZipEntry(b"a.v", b"x" * 100, packed_size=50, size=50),
        ZipEntry(b"a.v", b"x" * 100, packed_size=10_000, size=10_000),
        ZipEntry(b"a.v", b"x", method=8, packed=deflate(b"x") + b"more"),
        ZipEntry(b"a.v", b"x", method=8, packed=deflate(b"x") + bytes(200_000)),
    ],
)
def test_lying_about_size(entry: ZipEntry) -> None:
    message = refusal(raw_zip(entry, ZipEntry(b"b.v", b"y")))
    assert "lies about its size" in message or "its CRC is another" in message


def test_a_bad_crc() -> None:
    assert "CRC is another" in refusal(raw_zip(ZipEntry(b"a.v", b"x", crc=1)))


def test_damaged_data() -> None:
    packed = bytearray(deflate(bytes(range(256)) * 9))
    packed[0] ^= 6
    entry = ZipEntry(b"a.v", bytes(range(256)) * 9, method=8, packed=bytes(packed))
    assert "is damaged" in refusal(raw_zip(entry))


def test_data_that_ends_too_early() -> None:
    entry = ZipEntry(b"a.v", b"x" * 99, method=8, packed=deflate(b"x" * 99)[:-2])
    assert "ends too early" in refusal(raw_zip(entry))


@pytest.mark.parametrize(
    "local",
    [{"name": b"b.v"}, {"size": 1}, {"packed": 1}, {"crc": 1}, {"method": 0}, {"flags": 1}],
)
def test_an_entry_that_the_directory_contradicts(local: dict[str, object]) -> None:
    entry = ZipEntry(b"a.v", b"x" * 99, method=8, local=local)
    assert "contradicts itself" in refusal(raw_zip(entry))


def test_entries_that_share_their_data() -> None:
    """One entry's bytes told many times: Fifield's bomb without nesting."""
    shared = [ZipEntry(b"a.v", b"x" * 99), ZipEntry(b"a.v", b"x" * 99, place=0)]
    assert "overlaps another entry" in refusal(raw_zip(*shared))


def test_an_entry_within_another() -> None:
    inner = raw_zip(ZipEntry(b"b.v", b"inner"))[:38]
    outer = ZipEntry(b"a.v", inner)
    place = 30 + len(b"a.v")
    hidden = ZipEntry(b"b.v", b"inner", place=place)
    assert "overlaps another entry" in refusal(raw_zip(outer, hidden))


def test_an_entry_that_reaches_into_the_directory() -> None:
    entry = ZipEntry(b"a.v", b"x", method=8, packed_size=40)
    assert "reaches beyond its place" in refusal(raw_zip(entry))


@pytest.mark.parametrize("end", [-1, -10, -22, -23, -30, 40, 10, 5])
def test_cut_off(end: int) -> None:
    message = refusal(zip_of({"a.v": b"x" * 99, "b.v": b"y" * 99})[:end])
    assert "cut off" in message or "broken directory" in message


@pytest.mark.parametrize(
    "end",
    [
        {"count": 0},
        {"count": 2},
        {"begin": 0},
        {"length": 1},
        {"begin": 1 << 31},
        {"tail": b"x"},
        {"middle": b"x"},
    ],
)
def test_a_directory_that_is_not_where_it_should_be(end: dict[str, object]) -> None:
    message = refusal(raw_zip(GOOD, **end))
    assert "broken directory" in message or "cut off" in message


def test_a_second_directory_in_the_comment() -> None:
    """Programs that look for the end from the front, or from the back, would see different files."""
    other = raw_zip(ZipEntry(b"evil.v", b"x"))
    assert "broken directory" in refusal(raw_zip(GOOD, comment=other))


def test_what_lies_behind_the_data_costs_no_memory() -> None:
    """zlib keeps what comes after the end, and copies it anew with each piece."""
    data = raw_zip(ZipEntry(b"a.v", b"x", method=8, packed=deflate(b"x") + bytes(20 << 20)))
    tracemalloc.start()
    try:
        assert "it is packed in less" in refusal(data)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_many_parts() -> None:
    data = bytearray(raw_zip(GOOD))
    data[-18:-16] = struct.pack("<H", 1)
    assert "several parts" in refusal(bytes(data))


@pytest.mark.parametrize("kind", [0o010000, 0o020000, 0o060000, 0o140000])
def test_devices_and_fifos(kind: int) -> None:
    assert "is a device, a FIFO or a socket" in refusal(raw_zip(ZipEntry(b"a", mode=kind | 0o644)))


def test_a_folder_that_holds_data() -> None:
    for entry in (ZipEntry(b"a/", b"x"), ZipEntry(b"a", b"x", mode=0o040755)):
        assert "is a folder, but holds data" in refusal(raw_zip(entry))


def test_a_folder_that_is_a_link() -> None:
    assert "a link by its mode" in refusal(raw_zip(ZipEntry(b"a/", b"x", mode=0o120777)))


def _sixty_four(*values: int) -> bytes:
    return struct.pack(f"<2H{len(values)}Q", 1, 8 * len(values), *values)


def test_sizes_of_64_bits() -> None:
    big = {"size": 0xFFFFFFFF, "packed_size": 0xFFFFFFFF}
    local = {"size": 1, "packed": 1}
    good = ZipEntry(b"a", b"x", extra=_sixty_four(1, 1), local=local, **big)  # type: ignore[arg-type]
    assert read(raw_zip(good)).files == {"a": b"x"}
    for extra in (b"", _sixty_four(1), b"\1\0", _sixty_four(1 << 63, 1), _sixty_four(1, 1 << 63)):
        bad = ZipEntry(b"a", b"x", extra=extra, local=local, **big)  # type: ignore[arg-type]
        assert refusal(raw_zip(bad))
