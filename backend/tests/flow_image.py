"""An image of this machine's LibreLane, on an engine of the tests' own: made once, in a minute."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from app.cli.flow_image import build_flow_image
from tests.executors.engine import NoEngineError, RunningEngine, running_engine
from tests.flow import flow_settings


@dataclass(frozen=True)
class FlowImage:
    """An engine and the digest of the image."""

    engine: RunningEngine
    digest: str


@pytest.fixture(scope="session")
def flow_image() -> Iterator[FlowImage]:
    python = flow_settings().flow_python
    assert python is not None
    with ExitStack() as stack:
        try:
            engine = stack.enter_context(running_engine())
        except NoEngineError as error:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(str(error))
        yield FlowImage(engine, build_flow_image(engine.host, python))
