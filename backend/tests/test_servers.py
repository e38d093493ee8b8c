"""Servers of tests end with the tests."""

import subprocess
import sys

from tests.system.workers import BACKEND

_STARTS_ONE = """
import subprocess, time
from tests.servers import tied
subprocess.Popen(tied("sh", "-c", "echo started; exec sleep 600"))
time.sleep(600)
"""


def test_a_server_ends_with_tests_that_are_killed() -> None:
    command = [sys.executable, "-c", _STARTS_ONE]
    with subprocess.Popen(command, cwd=BACKEND, stdout=subprocess.PIPE) as tests:
        assert tests.stdout is not None
        assert tests.stdout.readline() == b"started\n"
        tests.kill()
        # The server has the same output, which ends with the last who has it.
        assert tests.communicate(timeout=60)[0] == b""
