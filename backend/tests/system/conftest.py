"""What the tests with real workers share."""

import pytest

from app.core.settings import Settings
from app.jobs.context import Context
from tests.system.lab import Lab


@pytest.fixture
def lab(redis_context: Context) -> Lab:
    return Lab(redis_context)


@pytest.fixture
def settings(lab: Lab) -> Settings:
    return lab.context.settings
