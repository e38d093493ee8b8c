"""What the tests with real workers share."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from app.core.settings import Settings
from app.jobs.context import Context
from tests.system.lab import Lab
from tests.system.workers import PATIENCE


@pytest.fixture
def lab(redis_context: Context) -> Lab:
    return Lab(redis_context)


@pytest.fixture
def settings(lab: Lab) -> Settings:
    return lab.context.settings


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for one file of tests: while it runs, nothing else here can run an event loop."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None and not os.environ.get("CI"):
        pytest.skip("Chromium is not installed: apt-get install chromium")
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()
