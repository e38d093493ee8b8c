"""Where the real build flow is, which `./a6hub test` sets up."""

import os
from pathlib import Path

import pytest

from app.core.settings import Settings

# Read when the tests are collected, before their own settings take the place of these.
_NAMES = ("A6HUB_FLOW_PYTHON", "A6HUB_PDK_ROOT")
_FOUND = {name: os.environ.get(name, "") for name in _NAMES}


def flow_environment() -> dict[str, str]:
    """Return a worker's environment with the flow; skip the test where there is none, not in CI."""
    if not all(_FOUND.values()) and not os.environ.get("CI"):
        pytest.skip("there is no build flow: see ./a6hub test")
    return dict(_FOUND)


def flow_settings() -> Settings:
    """Return the same as settings."""
    python, pdk_root = (Path(value) for value in flow_environment().values())
    return Settings(flow_python=python, pdk_root=pdk_root)
