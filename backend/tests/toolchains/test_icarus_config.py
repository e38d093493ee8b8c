from typing import Any

import pytest

from app.toolchains.base import BadInputError
from app.toolchains.icarus import Icarus

PATHS = ["tb/tb.v", "rtl/dut.sv", "rtl/inc/widths.svh", "README.md", "data/rom.hex"]


def _validate(**config: Any) -> dict[str, Any]:
    return Icarus().validate(config, PATHS)


def test_defaults() -> None:
    assert _validate() == {
        "top": None,
        "files": ["rtl/dut.sv", "tb/tb.v"],
        "include_dirs": [".", "rtl/inc"],
        "defines": {},
        "plusargs": [],
        "timescale": None,
    }


def test_none_means_default() -> None:
    assert _validate(top=None, files=None) == _validate()


def test_all_given() -> None:
    config = _validate(
        top="tb",
        files=["./tb/tb.v"],
        include_dirs=["rtl/inc/"],
        defines={"A": 1, "B": "8'hff", "C": True, "D": None},
        plusargs=["+n=1", "verbose"],
        timescale="10 ns/1ps",
    )
    assert config["files"] == ["tb/tb.v"]
    assert config["include_dirs"] == ["rtl/inc"]
    assert config["defines"] == {"A": "1", "B": "8'hff", "C": "1", "D": ""}
    assert config["plusargs"] == ["+n=1", "+verbose"]
    assert config["timescale"] == "10ns/1ps"


@pytest.mark.parametrize(
    ("config", "field", "words"),
    [
        ({"tpo": "tb"}, "config.tpo", "Did you mean 'top'"),
        ({"something": 1}, "config.something", "Known are"),
        ({"top": "tb; rm"}, "config.top", "not a module's name"),
        ({"top": "-o"}, "config.top", "not a module's name"),
        ({"top": 7}, "config.top", "not a module's name"),
        ({"files": []}, "config.files", "empty"),
        ({"files": ["rtl/dut.v"]}, "config.files", "Did you mean 'rtl/dut.sv'"),
        ({"files": ["/etc/passwd"]}, "config.files", "relative"),
        ({"files": ["rtl/../../x"]}, "config.files", "leave the project"),
        ({"files": ["-c"]}, "config.files", "do not take"),
        ({"files": {"a": 1}}, "config.files", "list of texts"),
        ({"include_dirs": ["nowhere"]}, "config.include_dirs", "no folder"),
        ({"defines": ["A"]}, "config.defines", "mapping"),
        ({"defines": {"A B": 1}}, "config.defines", "not a macro's name"),
        ({"defines": {"A": "$(reboot)"}}, "config.defines.A", "printable"),
        ({"defines": {"A": "1\n2"}}, "config.defines.A", "printable"),
        ({"defines": {"A": [1]}}, "config.defines.A", "number or printable"),
        ({"plusargs": ["a b"]}, "config.plusargs", "without spaces"),
        ({"plusargs": ["+"]}, "config.plusargs", "without spaces"),
        ({"timescale": "1ns"}, "config.timescale", "1ns/1ps"),
    ],
)
def test_refused(config: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(BadInputError) as refused:
        _validate(**config)
    assert refused.value.field == field
    assert words in refused.value.message


def test_nothing_to_simulate() -> None:
    with pytest.raises(BadInputError, match=r"no \.v or \.sv file"):
        Icarus().validate({}, ["README.md"])


def test_quotation_mark_in_a_name() -> None:
    with pytest.raises(BadInputError, match="rename it"):
        Icarus().validate({}, ['a".v'])
