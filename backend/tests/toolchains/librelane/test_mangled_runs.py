"""No run directory, however mangled, makes the readers raise: it is somebody else's."""

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.schemas.results import FindingsView
from app.toolchains.librelane.artifacts import collect_files
from app.toolchains.librelane.findings import details
from app.toolchains.librelane.metric_groups import grouped, headline, timing_table
from app.toolchains.librelane.reader import RunReader
from app.toolchains.librelane.verdict import judge
from tests.toolchains.librelane.rundirs import GOOD_METRICS, LAST, RunDirectory

#: Whole values in place of what is in a JSON file.
_VALUES: tuple[Any, ...] = (
    *(None, [], {}, 1, "text", True, [[]], {"metrics": []}, {"metrics": {"a": {}}}),
    *({"meta": []}, {"meta": {"step": 1}}, {"meta": {"step": "../../x"}}, {"time": {}}),
    {"time": {"cpu_time_user": "9" * 90, "cpu_time_system": 1}, "peak_resources": 2},
    {"metrics": dict.fromkeys(GOOD_METRICS, "NaN")},
    {"metrics": {f"timing__setup__ws__corner:{'x' * 500}": -1, "": 1, ":": 2, "__": 3}},
)
_TEXTS = (
    *("", "\0", "[" * 5000, '{"a": ' * 3000, "9" * 5000, "NaN", "-Infinity", '{"metrics": {"a"'),
    *("Running 'x' at '1-x'…\n" * 50, "Starting…\n", "Flow complete.\n", "[ERROR X-1] \ud7ff\n"),
    *("Subprocess had a non-zero exit.\n", "99:99:99.9", "\\[" * 900, "* \n  \n- \n", ",,\n,"),
    "Metric,Value\n,\n,,,\na,1e999\n",
)


def _a_run(path: Path) -> RunDirectory:
    run = RunDirectory(path)
    run.start(says_where=False)
    notes = {"time": {"cpu_time_user": "0:00:01", "cpu_time_system": "0:00:01"}}
    for number, step in enumerate(("Verilator.Lint", "Checker.LVS", "OpenROAD.CTS", LAST)):
        folder = run.step(step, metrics=GOOD_METRICS | {"design__io": number})
        (folder / "tool.log").write_text("[WARNING A-1] b\nError: c\n")
        (folder / "nom").mkdir()
        (folder / "nom" / "sta.process_stats.json").write_text(json.dumps(notes))
        run.log("[A-1] b", "warning")
    (run.path / "02-checker-lvs" / "state_out.json").unlink()
    run.log("2 LVS errors found. - deferred", "error")
    run.finish()
    return run


def _replace_value(chance: random.Random, path: Path) -> None:
    path.write_text(json.dumps(chance.choice(_VALUES)))


def _replace_text(chance: random.Random, path: Path) -> None:
    path.write_bytes(chance.choice(_TEXTS).encode())


def _cut(chance: random.Random, path: Path) -> None:
    path.write_bytes(path.read_bytes()[: chance.randrange(path.stat().st_size + 1)])


def _spoil(chance: random.Random, path: Path) -> None:
    spoiled = bytearray(path.read_bytes()) or bytearray(1)
    for _ in range(8):
        spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
    path.write_bytes(spoiled)


def _remove(_: random.Random, path: Path) -> None:
    path.unlink()


def _make_folder(_: random.Random, path: Path) -> None:
    path.unlink()
    path.mkdir()


def _make_pipe(_: random.Random, path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _make_link(_: random.Random, path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def _rename(chance: random.Random, path: Path) -> None:
    name = chance.choice(("9999-x", "0-", "5-klayout-opengui", "07-checker-", "1-a-1", "é"))
    target = path.parents[1] / name if path.parents[1].name != "final" else path.with_name(name)
    if not target.exists():
        path.rename(target)


_MANGLERS: tuple[Callable[[random.Random, Path], None], ...] = (
    *(_replace_value, _replace_text, _cut, _spoil, _remove),
    *(_make_folder, _make_pipe, _make_link, _rename),
)


def _mangle(chance: random.Random, run: Path) -> None:
    for _ in range(chance.randint(1, 6)):
        files = sorted(path for path in run.rglob("*") if path.is_file() and not path.is_symlink())
        if files:
            chance.choice(_MANGLERS)(chance, chance.choice(files))


@settings(max_examples=100)
@given(chance=st.randoms(use_true_random=False))
def test_mangled(tmp_path_factory: pytest.TempPathFactory, chance: random.Random) -> None:
    run = _a_run(tmp_path_factory.mktemp("mangled") / "run")
    reader = RunReader(run.path)
    if chance.random() < 0.5:
        reader.steps(ended=False)  # the files change while they are read
    _mangle(chance, run.path)
    for ended in (False, True):
        steps = reader.steps(ended)
        assert all(len(step.warnings) <= 20 for step in steps)
    found = judge(run.path, chance.choice((0, 2, 137)), "[11:19:02] ERROR    x   y.py:1\n")
    json.dumps(details(found.violations, found.failure), allow_nan=False)
    FindingsView.model_validate(details(found.violations, found.failure))
    grouped(found.metrics)
    timing_table(found.metrics)
    headline(found.metrics)
    assert "/etc/passwd" not in {str(file.path.resolve()) for file in collect_files(run.path).files}
