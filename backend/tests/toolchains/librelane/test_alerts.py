"""Warnings and errors in logs."""

import os
from pathlib import Path

import pytest

from app.toolchains.librelane.alerts import Alerts, alerts_in


def _said(*lines: str) -> tuple[dict[str, int], dict[str, int]]:
    alerts = Alerts()
    alerts.add(lines)
    return dict(alerts.warnings), dict(alerts.errors)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("[WARNING STA-0366] port 'clk' not found.", "[STA-0366] port 'clk' not found."),
        ("[WARNING] Cell 'a' has (8) input pins", "Cell 'a' has (8) input pins"),
        ("%Warning-WIDTH: a.v:1:2: too wide", "WIDTH: a.v:1:2: too wide"),
        ("Warning: Wire a.\\x is used but has no driver.", "Wire a.\\x is used but has no driver."),
        ("a.v:12: Warning: Range select out of bounds", "a.v:12: Range select out of bounds"),
        ("WARNING: RLIMIT_NOFILE is above 1024", "RLIMIT_NOFILE is above 1024"),
    ],
)  # fmt: skip
def test_warnings(line: str, text: str) -> None:
    assert _said(line) == ({text: 1}, {})


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("[ERROR PDN-0185] Insufficient width", "[PDN-0185] Insufficient width"),
        ("[CRITICAL ODB-0001] No logger", "[ODB-0001] No logger"),
        ("[Error]: Layout origin is not at (0, 0)", "Layout origin is not at (0, 0)"),
        ("%Error: a.v:9:1: syntax error", "a.v:9:1: syntax error"),
        ("a.v:9: ERROR: syntax error", "a.v:9: syntax error"),
        ("a.vhd:9:1:error: no declaration", "a.vhd:9:1:no declaration"),
        ("Signal 11 received", "Signal 11 received"),
        ("terminate called after: std::bad_alloc", "terminate called after: std::bad_alloc"),
        ("FileNotFoundError: [Errno 2] no 'x'", "FileNotFoundError: [Errno 2] no 'x'"),
        ("yaml.YAMLError: bad", "yaml.YAMLError: bad"),
    ],
)
def test_errors(line: str, text: str) -> None:
    assert _said(line) == ({}, {text: 1})


@pytest.mark.parametrize(
    "line",
    [
        "ABC: Error: The network is combinational.",
        "No errors found.",
        "[INFO] Saving mag view with DRC errors (a.mag)",
        "CIF file read error: Warning:  Cell boundary was redefined.",
        "[WARNING ORD-0039] .openroad ignored with -python",
        "Error: pdn_cfg.tcl, 89 PDN-0185",
        "Warnings: 3 unique messages, 5 total",
        "",
    ],
)
def test_what_is_neither(line: str) -> None:
    assert _said(line) == ({}, {})


def test_the_same_is_counted() -> None:
    assert _said(*["[WARNING A-1] x"] * 3, "[WARNING A-1] y") == ({"[A-1] x": 3, "[A-1] y": 1}, {})


def test_logs_of_corners_are_read_too(tmp_path: Path) -> None:
    for place in (".", "nom", "nom/deeper"):
        folder = tmp_path / "12-sta" / place
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "sta.log").write_text(f"Warning: {place}\n")
    assert dict(alerts_in(tmp_path, "12-sta").warnings) == {".": 1, "nom": 1}


def test_of_a_long_log_both_ends_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "44-drt"
    folder.mkdir()
    (folder / "drt.log").write_bytes(
        b"Error: first\n" + b"-" * (3 << 20) + b"\nError: middle\n" + b"-" * (3 << 20)
        + b"\nError: last\n"
    )  # fmt: skip
    assert list(alerts_in(tmp_path, "44-drt").errors) == ["first", "last"]


def test_what_is_no_file_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "run" / "01-a"
    folder.mkdir(parents=True)
    (tmp_path / "secret.log").write_text("Error: secret\n")
    (folder / "link.log").symlink_to(tmp_path / "secret.log")
    (folder / "place").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.log")
    assert alerts_in(tmp_path / "run", "01-a") == Alerts()
    assert alerts_in(tmp_path / "run", "02-none") == Alerts()
