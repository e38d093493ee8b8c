"""A small catalog to test with, in the form that the exporter prints."""

import json
from typing import Any

_TEXT, _PATH, _BOOL = {"kind": "text"}, {"kind": "path"}, {"kind": "bool"}
_DECIMAL, _INT = {"kind": "decimal"}, {"kind": "int"}


def optional(of: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "optional", "of": [of]}


def listed(of: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "list", "of": [of]}


def mapping(of: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "dict", "of": [_TEXT, of]}


def record(name: str, **fields: tuple[dict[str, Any], bool]) -> dict[str, Any]:
    made = [{"name": key, "type": of, "is_required": must} for key, (of, must) in fields.items()]
    return {"kind": "record", "name": name, "fields": made}


def variable(name: str, of: dict[str, Any], default: Any = None, **facts: Any) -> dict[str, Any]:
    plain = {"name": name, "type": of, "default": default, "units": None}
    plain |= {"description": f"What {name} is for.", "old_names": [], "is_pdk": False}
    return plain | {"is_universal": False, "flows": ["Offline", "Classic"], "steps": []} | facts


def _old(name: str, converted: bool = False) -> dict[str, Any]:
    return {"name": name, "is_converted": converted}


_GATE = [{"variable": "RUN_LVS", "default": True, "old_names": ["LVS"]}]
_PLACE = {"kind": "tuple", "of": [_DECIMAL, _DECIMAL]}
_INSTANCE = record(
    "Instance",
    location=(optional(_PLACE), True),
    orientation=(optional({"kind": "enum", "choices": ["N", "S"]}), False),
)
_MACRO = record("Macro", gds=(listed(_PATH), True), instances=(mapping(_INSTANCE), False))
_SYNTHESIS = {"id": "Yosys.Synthesis", "name": "Synthesis", "gates": []}

CATALOG: dict[str, Any] = {
    "format": 1,
    "version": "3.0.0",
    "flows": [
        {
            "name": "Offline",
            "doc": "A flow.",
            "is_sequential": True,
            "steps": [
                _SYNTHESIS,
                {"id": "Checker.LVS", "name": "LVS", "gates": _GATE},
                {"id": "Checker.LVS-1", "name": "LVS", "gates": _GATE},
            ],
        },
        {
            "name": "Classic",
            "doc": "Another.",
            "is_sequential": True,
            "steps": [
                _SYNTHESIS,
                {"id": "OpenROAD.Floorplan", "name": "Floorplan", "gates": []},
            ],
        },
        {
            "name": "OpenInKLayout",
            "doc": "Windows.",
            "is_sequential": True,
            "steps": [{"id": "KLayout.OpenGUI", "name": "Look", "gates": []}],
        },
    ],
    "variables": [
        variable("DESIGN_NAME", _TEXT, is_universal=True),
        variable("CLOCK_PERIOD", _DECIMAL, 10.0, units="ns", is_universal=True),
        variable("CLOCK_PORT", optional({"kind": "union", "of": [_TEXT, listed(_TEXT)]})),
        variable("VERILOG_FILES", listed(_PATH), steps=["Yosys.Synthesis"]),
        variable("VERILOG_INCLUDE_DIRS", optional(listed(_PATH)), steps=["Yosys.Synthesis"]),
        variable("SYNTH_STRATEGY", {"kind": "enum", "choices": ["AREA 0", "DELAY 0"]}, "AREA 0"),
        variable("SYNTH_NO_FLAT", _BOOL, False, old_names=[_old("NO_FLAT", converted=True)]),
        variable("RUN_LVS", _BOOL, True, flows=["Offline"], old_names=[_old("LVS")]),
        variable("FP_CORE_UTIL", _DECIMAL, 40, units="%", flows=["Offline"]),
        variable("FP_CORE_UTIL", _DECIMAL, 50, units="%", flows=["Classic"]),
        variable("DIE_AREA", optional({"kind": "tuple", "of": [_DECIMAL] * 4})),
        variable("MAX_FANOUT", optional(_INT), units="cells", is_pdk=True),
        variable("EXTRA_SITES", optional(listed(_TEXT))),
        variable("LAYERS_RC", optional(mapping(mapping(_DECIMAL))), flows=["Classic"]),
        variable("PNR_SDC_FILE", optional(_PATH)),
        variable("IO_PIN_ORDER_CFG", optional(_PATH), old_names=[_old("FP_PIN_ORDER_CFG")]),
        variable("LIB", mapping(listed(_PATH)), is_pdk=True),
        variable("MACROS", optional(mapping(_MACRO))),
        variable("OTHER_STEPS_OWN", _INT, 1, flows=[]),
    ],
    "removed": {"LEC_ENABLE": "It did not scale."},
}


def as_text(catalog: dict[str, Any]) -> bytes:
    """The text that the exporter would print."""
    return json.dumps(catalog).encode()
