"""Prometheus's own programs, for tests."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.cli.stack import BACKEND
from tests.servers import PLAIN, free_port, tied

MONITORING = BACKEND / "monitoring"


def program(name: str) -> str:
    """Return `prometheus` or `promtool`; outside of CI the test is skipped where it is missing."""
    if shutil.which(name) is None and not os.environ.get("CI"):
        pytest.skip(f"{name} is not installed: apt-get install prometheus")
    return name


def promtool(*arguments: str, folder: Path = MONITORING) -> str:
    """Run promtool and return what it prints; AssertionError with that if it is not content."""
    command = [program("promtool"), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def running(folder: Path, targets: Mapping[str, str], token: str) -> Iterator[str]:
    """Run Prometheus with our rules, made impatient, until the end of the block: its address.

    `targets`: what it scrapes, by the names of its jobs.
    """
    rules = (MONITORING / "rules.yml").read_text()
    (folder / "rules.yml").write_text(re.sub(r"for: \d+m", "for: 1s", rules))
    (folder / "token").write_text(token)
    jobs = [
        {
            "job_name": name,
            "authorization": {"credentials_file": "token"},
            "static_configs": [{"targets": [address.removeprefix("http://")]}],
        }
        for name, address in targets.items()
    ]
    often = {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "500ms"}
    config = {"global": often, "rule_files": ["rules.yml"], "scrape_configs": jobs}
    (folder / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML
    address = f"127.0.0.1:{free_port()}"
    options = ["--config.file=prometheus.yml", "--storage.tsdb.path=data"]
    command = [program("prometheus"), *options, f"--web.listen-address={address}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(tied(*command), cwd=folder, stdout=log, stderr=log)
    try:
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(60)


def ask(url: str, path: str, **query: str) -> dict[str, Any]:
    """Return what Prometheus's API answers; nothing while it starts."""
    try:
        answer = httpx2.get(f"{url}/api/v1/{path}", params=query, trust_env=False, verify=PLAIN)
    except httpx2.TransportError:
        return {}
    if answer.status_code == 503:
        return {}
    assert answer.is_success, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def results(url: str, query: str) -> list[dict[str, Any]]:
    """Return the series that a query finds."""
    found: list[dict[str, Any]] = ask(url, "query", query=query).get("result", [])
    return found
