"""Archives that become far more than they are."""

import hashlib

import pytest

from tests.projects.archives.building import (
    END,
    KINDS,
    ZipEntry,
    archive_of,
    deflate,
    raw_zip,
    tar_entry,
    zip_of,
)
from tests.projects.archives.reading import read, refusal

ZEROS = bytes(12 << 20)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "tar"])
def test_one_large_file_of_zeros(kind: str) -> None:
    assert "more than 200 times its size" in refusal(archive_of(kind, {"zeros": ZEROS}))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "tar"])
def test_many_small_files_of_zeros(kind: str) -> None:
    files = {f"{number}": bytes(100_000) for number in range(200)}
    assert "more than 200 times its size" in refusal(archive_of(kind, files))


def test_a_bomb_among_what_packs_badly() -> None:
    """The whole becomes only little more than it was."""
    noise = hashlib.shake_128(b"noise").digest(1 << 20)
    assert "archive/zeros: unpacks to more than 200" in refusal(
        zip_of({"noise": noise, "zeros": ZEROS})
    )


def test_a_small_file_of_zeros_is_no_bomb() -> None:
    for kind in KINDS:
        assert read(archive_of(kind, {"rom.hex": bytes(1 << 20)})).files


@pytest.mark.parametrize("kind", KINDS)
def test_more_than_may_come_out_in_all(kind: str) -> None:
    data = archive_of(kind, {f"{number}": b"x" * 1000 for number in range(40)})
    assert "unpacks to more than 30000 bytes" in refusal(data, total_bytes=30_000)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_too_large(kind: str) -> None:
    message = refusal(archive_of(kind, {"a": b"1", "big.gds": b"x" * 1001}), file_bytes=1000)
    assert message == "archive/big.gds: is larger than 1000 bytes."


@pytest.mark.parametrize("kind", KINDS)
def test_too_many_entries(kind: str) -> None:
    data = archive_of(kind, {f"{number}": b"" for number in range(11)})
    assert "holds more than 10 entries" in refusal(data, entries=10)


def test_what_is_left_out_counts() -> None:
    junk = {f".git/{number}": bytes(1000) for number in range(20)}
    assert "more than 10 entries" in refusal(zip_of(junk), entries=10)
    tar = b"".join(tar_entry(name, data=data) for name, data in junk.items()) + END
    assert "more than 9000 bytes" in refusal(tar, total_bytes=9000)


def test_the_count_is_read_before_the_directory() -> None:
    """A directory of nothing but promises is not even looked at."""
    data = raw_zip(ZipEntry(b"a"), count=60_000)
    assert "holds more than 1000 entries" in refusal(data)


def test_a_bomb_that_tells_a_small_size() -> None:
    bomb = ZipEntry(b"a", method=8, packed=deflate(ZEROS), size=100)
    assert "lies about its size: it holds more" in refusal(raw_zip(bomb))


def test_headers_count_as_entries() -> None:
    """A tar of headers that stand for nothing costs time, however few bytes it is packed in."""
    data = b"".join(tar_entry(f"{n}", pax_headers={"comment": "x"}) for n in range(20))
    assert "more than 30 entries" in refusal(data + END, entries=30)
