"""The source files of a design that names none."""

import re
from collections.abc import Container, Iterable, Mapping
from typing import Any

from app.toolchains import names
from app.toolchains.base import BadInputError
from app.toolchains.sources import SOURCE_ENDINGS

_BENCH = re.compile(r"(^|/)(tb|test|tests|testbench|sim|verify)/|(^|/)tb_[^/]*$|_tb\.(s?v|vhdl?)$")
_VERILOG, _VHDL = "VERILOG_FILES", "VHDL_FILES"
_ENDINGS = {_VERILOG: SOURCE_ENDINGS, _VHDL: (".vhd", ".vhdl")}


def default_sources(
    variables: Mapping[str, Any], paths: Iterable[str], known: Container[str] = ()
) -> dict[str, Any]:
    """Return the variable that names a design's sources, if `variables` have none.

    It is the one for VHDL where the flow, which has the variables `known`, reads no Verilog. Raises
    BadInputError when there are no sources.
    """
    if any(variables.get(name) for name in _ENDINGS):
        return {}
    name = _VHDL if _VHDL in known and _VERILOG not in known else _VERILOG
    return {name: [f"dir::{path}" for path in design_sources(paths, name)]}


def design_sources(paths: Iterable[str], variable: str = _VERILOG) -> list[str]:
    """Return the source files that are no test benches; BadInputError if there is none."""
    endings, field = _ENDINGS[variable], f"config.{variable}"
    sources = [path for path in paths if path.endswith(endings) and not _BENCH.search(path)]
    if not sources:
        these = " or ".join(endings)
        why = f"The project has no {these} file that is not a test bench."
        raise BadInputError(field, why)
    return [names.relative_path(field, path) for path in sorted(sources)]
