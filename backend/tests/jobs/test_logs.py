"""Logs: the cap, the segments, what a dead worker left."""

import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from obstore.store import MemoryStore

from app.jobs.capped import CappedFile, complete_log
from app.jobs.claims import Claim
from app.jobs.live import LiveStream
from app.jobs.log_shipper import BACKLOG, Shipper
from app.jobs.log_writer import LogWriter
from app.jobs.logs import SEGMENT, log_size, read_log, store_rest
from app.jobs.text import utf8_pieces, whole_utf8
from app.storage.store import Store
from tests.system.workers import PATIENCE

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


@given(
    pieces=st.lists(st.binary(max_size=40), max_size=12),
    head=st.integers(1, 60),
    tail=st.integers(1, 60),
    rounds=st.integers(1, 3),
)
def test_the_log_of_a_killed_writer_is_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    pieces: list[bytes],
    head: int,
    tail: int,
    rounds: int,
) -> None:
    folder = tmp_path_factory.mktemp("log")
    killed, closed = (
        CappedFile(folder / "a.log", head, tail),
        CappedFile(folder / "b.log", head, tail),
    )
    for piece in pieces:
        killed.write(piece)
        closed.write(piece)
    closed.close()
    ring = folder / "a.tail"
    kept = ring.read_bytes() if ring.exists() else None
    for _ in range(rounds):  # cut short before the ring was removed, and done again
        if kept is not None:
            ring.write_bytes(kept)
        complete_log(folder / "a.log")
    assert (folder / "a.log").read_bytes() == (folder / "b.log").read_bytes()
    killed.close()
    assert sorted(path.name for path in folder.iterdir()) == ["a.log", "b.log"]


@pytest.mark.parametrize("size", [1, 3, 64 << 10, (64 << 10) + 1, 1 << 20])
def test_a_tail_of_many_rounds(tmp_path: Path, size: int) -> None:
    file = CappedFile(tmp_path / "output.log", 10, 100_000)
    pieces = (min(4_000_000, 100_000 * size) // size) + 1
    whole = bytes(range(251)) * (pieces * size // 251 + 1)
    whole = whole[: pieces * size]
    for begin in range(0, len(whole), size):
        file.write(whole[begin : begin + size])
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 200_000
    file.close()
    log = (tmp_path / "output.log").read_bytes()
    assert log[:10] == whole[:10]
    assert log[-90_000:] == whole[-90_000:]


class Gate:
    """A place where others wait until it is opened."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.open = threading.Event()

    def wait(self) -> None:
        self.reached.set()
        assert self.open.wait(PATIENCE)


class SlowStream(LiveStream):
    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.sent: list[tuple[int, int]] = []

    def add(self, claim: Claim, offset: int, data: bytes) -> None:
        self.gate.wait()
        self.sent.append((offset, len(data)))


class SlowStore(Store):
    def __init__(self, gate: Gate) -> None:
        super().__init__(MemoryStore())
        self.gate = gate

    def put(self, key: str, data: bytes) -> None:
        self.gate.wait()
        super().put(key, data)


def test_a_slow_redis_holds_up_neither_tool_nor_store(memory: Store, tmp_path: Path) -> None:
    live = SlowStream(Gate())
    path = tmp_path / "log"
    writer = LogWriter(path, 1 << 30, 1, Shipper(path, CLAIM, memory, live))
    text = b"x" * (3 * BACKLOG)
    writer.write(b"begin")
    assert live.gate.reached.wait(PATIENCE)
    writer.write(text)
    writer.close()
    assert log_size(memory, 7, 2) == 5 + len(text)
    assert live.sent == []
    live.gate.open.set()


def test_who_watches_is_shown_the_newest_of_what_came_too_fast(
    memory: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.log_shipper.PARTING_SECONDS", PATIENCE)
    live = SlowStream(Gate())
    live.gate.open.set()
    path = tmp_path / "log"
    shipper = Shipper(path, CLAIM, memory, live)
    path.write_bytes(b"x" * (3 * BACKLOG))
    shipper.start()
    shipper.close()
    assert sum(size for _, size in live.sent) <= BACKLOG
    assert sum(live.sent[-1]) == 3 * BACKLOG
    assert log_size(memory, 7, 2) == 3 * BACKLOG


def test_a_slow_store_holds_up_neither_tool_nor_who_watches(tmp_path: Path) -> None:
    store, live = SlowStore(Gate()), SlowStream(Gate())
    path = tmp_path / "log"
    writer = LogWriter(path, 1 << 30, 1, Shipper(path, CLAIM, store, live))
    writer.write(b"begin")
    assert store.gate.reached.wait(PATIENCE)
    writer.write(b"x" * SEGMENT)
    assert live.gate.reached.wait(PATIENCE)
    live.gate.open.set()
    store.gate.open.set()
    writer.close()
    assert log_size(store, 7, 2) == 5 + SEGMENT


def test_what_a_dead_worker_left_is_stored(memory: Store, tmp_path: Path) -> None:
    text = b"y" * (SEGMENT + 500)
    path = tmp_path / "log"
    path.write_bytes(text)
    memory.put("jobs/7/attempts/2/log/000000", text[:1000])
    store_rest(memory, CLAIM, path)
    assert read_log(memory, 7, 2, 0, 1 << 30) == text


def test_head_marker_and_tail_of_a_dead_worker_are_stored(memory: Store, tmp_path: Path) -> None:
    path = tmp_path / "output.log"
    file = CappedFile(path, 2 * SEGMENT, 1000)
    file.write(b"h" * (2 * SEGMENT) + b"m" * 5000 + b"t" * 1000)
    memory.put("jobs/7/attempts/2/log/000000", b"h" * SEGMENT)
    store_rest(memory, CLAIM, path)
    marker = b"\n[a6hub: the log is at its limit; 5000 bytes left out here]\n"
    whole = b"h" * (2 * SEGMENT) + marker + b"t" * 1000
    assert read_log(memory, 7, 2, 0, 1 << 30) == whole
    file.close()
    assert path.read_bytes() == whole


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


@given(st.binary() | st.text().map(str.encode), st.integers(4, 20), st.integers(0, 9))
def test_cutting_changes_no_text(data: bytes, size: int, offset: int) -> None:
    data = data[offset:]
    pieces = list(utf8_pieces(data, size))
    assert all(0 < len(piece) <= size for piece in pieces)
    assert b"".join(pieces) == data
    text = "".join(piece.decode(errors="replace") for piece in pieces)
    assert text == data.decode(errors="replace")


@given(st.text(min_size=2), st.integers(1, 200))
def test_a_cut_text_joins_again(text: str, size: int) -> None:
    data, parts = text.encode(), []
    while data:
        part = whole_utf8(data[: max(size, 4)])
        assert part
        parts.append(part.decode())
        data = data[len(part) :]
    assert "".join(parts) == text
