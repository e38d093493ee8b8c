"""What users send cannot forge or hide lines of the service's own log."""

import json
import logging
from collections.abc import Iterator

import pytest

from app.core.logging import get_logger, setup_logging
from app.core.settings import Settings

HOSTILE = [
    "forged\n2026-01-01T00:00:00Z [error    ] forged\r2026-01-01T00:00:00Z",
    "\x1b[2J\x1b]0;forged\x07\x9b31m\x08",
    "forged\u202egnp.exe\u2028",
    "forged\ud800",
]


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)


def _logged(capsys: pytest.CaptureFixture[str], text: str, **given: bool) -> str:
    setup_logging(Settings(**given))  # type: ignore[arg-type]  # values of all kinds
    log = get_logger("test")
    log.info("request", path=text, parts=[text])
    logging.getLogger("uvicorn").warning("%s", text)
    log.error("failed", exc_info=ValueError(text))
    return capsys.readouterr().err


@pytest.mark.parametrize("text", HOSTILE)
def test_on_a_terminal(capsys: pytest.CaptureFixture[str], text: str) -> None:
    written = _logged(capsys, text)
    assert written.count("forged") >= 4
    lines = written.split("\n")
    assert all(line.isprintable() for line in lines)
    assert not any(line.startswith("2026-01-01") for line in lines)
    assert "Logging error" not in written


@pytest.mark.parametrize("text", HOSTILE)
def test_as_json(capsys: pytest.CaptureFixture[str], text: str) -> None:
    written = _logged(capsys, text, log_json=True)
    assert written.isascii()
    lines = written.splitlines()
    assert [json.loads(line)["level"] for line in lines] == ["info", "warning", "error"]
    assert json.loads(lines[0])["path"] == text
