"""What LibreLane notes of a step's programs."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.toolchains.librelane.usage import StepUsage, read_usage, seconds_of


def note(user: str, system: str, memory: str) -> dict[str, Any]:
    times = {"cpu_time_user": user, "cpu_time_system": system, "runtime": "00:00:00.401"}
    return {"time": times, "peak_resources": {"memory_rss": memory, "threads": 1}}


def usage(run: Path, **notes: Any) -> StepUsage:
    (run / "01-tool-step").mkdir()
    for name, content in notes.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (run / "01-tool-step" / f"{name}.process_stats.json").write_text(text)
    return read_usage(run, "01-tool-step")


def test_programs_are_added_up(tmp_path: Path) -> None:
    found = usage(
        tmp_path,
        one=note("00:00:00.300", "00:00:00.020", "111MiB"),
        two=note("00:01:00.000", "00:00:01.000", "2GiB"),
    )
    assert found.cpu_seconds == pytest.approx(61.32)
    assert found.peak_memory_bytes == 2 << 30


def test_a_step_without_notes(tmp_path: Path) -> None:
    assert usage(tmp_path) == StepUsage()


@pytest.mark.parametrize("content", ["{", "[]", "null", "{}", '{"time": 1}', '{"time": {}}'])
def test_notes_that_are_none(tmp_path: Path, content: str) -> None:
    assert usage(tmp_path, broken=content) == StepUsage()


def test_more_memory_than_a_table_takes(tmp_path: Path) -> None:
    found = usage(tmp_path, one=note("00:00:01.0", "00:00:01.0", "999999999999999TiB"))
    assert found.peak_memory_bytes == 1 << 60


def test_a_note_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "01-tool-step").mkdir()
    (tmp_path / "secret.json").write_text(json.dumps(note("00:00:01", "00:00:01", "1MiB")))
    (tmp_path / "01-tool-step/a.process_stats.json").symlink_to(tmp_path / "secret.json")
    assert read_usage(tmp_path, "01-tool-step") == StepUsage()


@pytest.mark.parametrize(
    ("text", "seconds"), [("00:00:01.5", 1.5), ("1:01:01", 3661), ("soon", None), ("", None)]
)
def test_times(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds
