"""Logs: the cap, the segments, what a dead worker left."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from obstore.store import MemoryStore

from app.jobs.capped import CappedFile
from app.jobs.live import LiveStream
from app.jobs.logs import SEGMENT, LogWriter, Shipper, log_size, read_log, store_rest
from app.jobs.states import Claim
from app.jobs.text import whole_utf8
from app.storage.store import Store

CLAIM = Claim(7, 2)


@pytest.fixture
def memory() -> Store:
    return Store(MemoryStore())


class DeafStream(LiveStream):
    """A Redis that is away."""

    def __init__(self) -> None: ...

    def add(self, *_: Any) -> None:
        raise ConnectionError("injected")


def _write(store: Store, path: Path, pieces: list[bytes], head: int, tail: int) -> bytes:
    writer = LogWriter(path, head, tail, Shipper(path, CLAIM, store, DeafStream()))
    for piece in pieces:
        writer.write(piece)
    writer.close()
    return read_log(store, 7, 2, 0, 1 << 30)


def test_a_log_is_read_back_whole_from_any_offset(memory: Store, tmp_path: Path) -> None:
    text = b"".join(b"line %d\n" % n for n in range(300_000))
    assert len(text) > 3 * SEGMENT
    assert _write(memory, tmp_path / "log", [text], 1 << 30, 1) == text
    assert log_size(memory, 7, 2) == len(text)
    for offset in (1, SEGMENT - 1, SEGMENT, SEGMENT + 1, len(text) - 1, len(text), len(text) + 9):
        assert read_log(memory, 7, 2, offset, 100) == text[offset : offset + 100]


def test_a_log_that_is_not_there_reads_empty(memory: Store) -> None:
    assert read_log(memory, 1, 1, 0, 100) == b""
    assert log_size(memory, 1, 1) == 0


def test_a_log_whose_size_is_a_whole_number_of_segments(memory: Store, tmp_path: Path) -> None:
    text = b"x" * (2 * SEGMENT)
    assert _write(memory, tmp_path / "log", [text], 1 << 30, 1) == text
    assert log_size(memory, 7, 2) == len(text)


@given(
    pieces=st.lists(st.binary(max_size=40), max_size=12),
    head=st.integers(1, 60),
    tail=st.integers(1, 60),
)
def test_a_capped_log_keeps_head_and_tail(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], head: int, tail: int
) -> None:
    path = tmp_path_factory.mktemp("log") / "log"
    file = CappedFile(path, head, tail)
    for piece in pieces:
        file.write(piece)
    file.close()
    whole, kept = b"".join(pieces), path.read_bytes()
    if len(whole) <= head + tail:
        assert kept == whole
    else:
        dropped = len(whole) - head - tail
        marker = f"\n[a6hub: the log is at its limit; {dropped} bytes left out here]\n".encode()
        assert kept == whole[:head] + marker + whole[-tail:]


def test_what_a_dead_worker_left_is_stored(memory: Store, tmp_path: Path) -> None:
    text = b"y" * (SEGMENT + 500)
    path = tmp_path / "log"
    path.write_bytes(text)
    memory.put("jobs/7/attempts/2/log/000000", text[:1000])
    store_rest(memory, CLAIM, path)
    assert read_log(memory, 7, 2, 0, 1 << 30) == text


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (b"", b""),
        (b"abc", b"abc"),
        ("ä".encode(), "ä".encode()),
        ("aä".encode()[:-1], b"a"),
        ("a€".encode()[:-1], b"a"),
        ("a€".encode()[:-2], b"a"),
        ("a😀".encode()[:-1], b"a"),
        ("a😀".encode(), "a😀".encode()),
        (b"a\xff", b"a"),
        (b"\xc3", b""),
        ("€".encode()[:-1], b""),
        ("😀".encode()[:-1], b""),
        (b"\x80", b"\x80"),
        (b"a\x80\x80\x80\x80", b"a\x80\x80\x80\x80"),
    ],
)
def test_no_character_is_cut(data: bytes, whole: bytes) -> None:
    assert whole_utf8(data) == whole


@given(st.text(min_size=2), st.integers(1, 200))
def test_a_cut_text_joins_again(text: str, size: int) -> None:
    data, parts = text.encode(), []
    while data:
        part = whole_utf8(data[: max(size, 4)])
        assert part
        parts.append(part.decode())
        data = data[len(part) :]
    assert "".join(parts) == text
