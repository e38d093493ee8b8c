"""The map of the modules in the package's docstring."""

from pathlib import Path

import app.jobs


def test_the_map_names_each_module_once() -> None:
    [folder] = app.jobs.__path__
    there = sorted(path.stem for path in Path(folder).glob("[!_]*.py"))
    told = (app.jobs.__doc__ or "").splitlines()
    named = [name for line in told if line.startswith("    ") for name in line[19:].split()]
    assert sorted(named) == there
