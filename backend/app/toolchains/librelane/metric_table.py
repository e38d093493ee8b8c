"""The metrics that LibreLane is known to report, by name without corner: see About.

Units are LibreLane's: it has the tools count in ns, W, V and µm.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class About:
    """What a kind of metric is. `unit` is None if it is not known, '1' for a plain ratio."""

    group: str
    title: str
    unit: str | None = None
    higher_is_better: bool | None = None


def _timing() -> dict[str, About]:
    found: dict[str, About] = {}
    for kind in ("setup", "hold"):
        for part, words in (("", ""), ("_r2r", " from register to register")):
            base, what = f"timing__{kind}{part}", f"{kind} slack{words}"
            found |= {
                f"{base}__ws": About("Timing", f"Worst {what}", "ns", True),
                f"{base}__wns": About("Timing", f"Worst negative {what}", "ns", True),
                f"{base}__tns": About("Timing", f"Total negative {what}", "ns", True),
                f"{base}_vio__count": About(
                    "Timing", f"{kind.capitalize()} violations{words}", "count", False
                ),
            }
        found[f"clock__skew__worst_{kind}"] = About("Timing", f"Worst {kind} clock skew", "ns")
    for what, title in (("slew", "Slew"), ("cap", "Capacitance"), ("fanout", "Fanout")):
        found[f"design__max_{what}_violation__count"] = About(
            "Timing", f"{title} violations", "count", False
        )
    return found


def _counts(group: str, titles: dict[str, str]) -> dict[str, About]:
    return {name: About(group, title, "count", False) for name, title in titles.items()}


def _values(group: str, unit: str | None, titles: dict[str, str]) -> dict[str, About]:
    return {name: About(group, title, unit) for name, title in titles.items()}


def _less_is_better(group: str, unit: str, titles: dict[str, str]) -> dict[str, About]:
    return {name: About(group, title, unit, False) for name, title in titles.items()}


KNOWN: dict[str, About] = {
    **_timing(),
    **_counts(
        "Timing",
        {
            "timing__unannotated_net__count": "Nets without parasitics",
            "timing__unannotated_net_filtered__count": "Nets without parasitics that matter",
            "timing__drv__floating__nets": "Floating nets",
            "timing__drv__floating__pins": "Floating pins",
        },
    ),
    **_less_is_better(
        "Power",
        "W",
        {
            "power__total": "Total power",
            "power__internal__total": "Internal power",
            "power__switching__total": "Switching power",
            "power__leakage__total": "Leakage power",
        },
    ),
    **_less_is_better(
        "Area",
        "µm²",
        {
            "design__die__area": "Die area",
            "design__core__area": "Core area",
            "design__instance__area": "Area of all instances",
        },
    ),
    **_values(
        "Area",
        "µm²",
        {
            "design__instance__area__stdcell": "Area of standard cells",
            "design__instance__area__macros": "Area of macros",
            "design__instance__area__padcells": "Area of pad cells",
            "design__instance__area__cover": "Area of cover cells",
        },
    ),
    **_values(
        "Area", "µm", {"design__die__bbox": "Die corners", "design__core__bbox": "Core corners"}
    ),
    "design__instance__utilization": About("Area", "Utilization", "1", True),
    "design__instance__utilization__stdcell": About("Area", "Utilization by standard cells", "1"),
    "design__instance__count": About("Cells", "Instances", "count", False),
    **_values(
        "Cells",
        "count",
        {
            "design__instance__count__stdcell": "Standard cells",
            "design__instance__count__macros": "Macros",
            "design__instance__count__padcells": "Pad cells",
            "design__instance__count__cover": "Cover cells",
            "design__instance__count__setup_buffer": "Buffers against setup violations",
            "design__instance__count__hold_buffer": "Buffers against hold violations",
            "design__io": "Ports",
            "design__rows": "Rows",
            "design__sites": "Sites",
        },
    ),
    **_less_is_better(
        "Cells",
        "µm",
        {
            "design__instance__displacement__max": "Largest displacement",
            "design__instance__displacement__mean": "Mean displacement",
            "design__instance__displacement__total": "Total displacement",
        },
    ),
    **_counts(
        "Cells",
        {
            "design__violations": "Cells placed against the rules",
            "design__disconnected_pin__count": "Disconnected pins",
            "design__critical_disconnected_pin__count": "Critical disconnected pins",
            "design__power_grid_violation__count": "Power grid violations",
        },
    ),
    **_less_is_better(
        "Routing",
        "µm",
        {
            "route__wirelength": "Wire length",
            "route__wirelength__estimated": "Estimated wire length",
            "route__wirelength__max": "Longest wire",
            "global_route__wirelength": "Wire length after global routing",
        },
    ),
    **_values(
        "Routing",
        "count",
        {
            "route__net": "Nets",
            "route__net__special": "Power nets",
            "route__vias": "Vias",
            "route__vias__singlecut": "Vias of one cut",
            "route__vias__multicut": "Vias of several cuts",
            "global_route__vias": "Vias after global routing",
        },
    ),
    **_counts(
        "DRC",
        {
            "route__drc_errors": "Routing DRC errors",
            "magic__drc_error__count": "Magic DRC errors",
            "klayout__drc_error__count": "KLayout DRC errors",
            "klayout__density_error__count": "Density errors",
            "magic__illegal_overlap__count": "Illegal overlaps",
            "design__xor_difference__count": "Differences between the layouts (XOR)",
        },
    ),
    **_counts(
        "LVS",
        {
            "design__lvs_error__count": "LVS errors",
            "design__lvs_device_difference__count": "Device differences",
            "design__lvs_net_difference__count": "Net differences",
            "design__lvs_property_fail__count": "Property failures",
            "design__lvs_unmatched_device__count": "Unmatched devices",
            "design__lvs_unmatched_net__count": "Unmatched nets",
            "design__lvs_unmatched_pin__count": "Unmatched pins",
        },
    ),
    **_counts(
        "Antenna",
        {
            "antenna__violating__nets": "Nets with antenna violations",
            "antenna__violating__pins": "Pins with antenna violations",
            "route__antenna_violation__count": "Antenna violations after routing",
            "klayout__antenna_error__count": "KLayout antenna errors",
        },
    ),
    "antenna_diodes_count": About("Antenna", "Antenna diodes", "count"),
    **_less_is_better(
        "IR drop",
        "V",
        {
            "ir__drop__worst": "Worst IR drop",
            "ir__drop__avg": "Average IR drop",
            "design_powergrid__drop__worst": "Worst drop of a power net",
            "design_powergrid__drop__average": "Average drop of a power net",
        },
    ),
    "ir__voltage__worst": About("IR drop", "Lowest supply voltage", "V", True),
    "design_powergrid__voltage__worst": About("IR drop", "Worst voltage of a power net", "V", True),
    **_counts(
        "Synthesis",
        {
            "synthesis__check_error__count": "Synthesis check errors",
            "design__instance_unmapped__count": "Unmapped cells",
            "design__inferred_latch__count": "Inferred latches",
        },
    ),
    **_counts(
        "Lint",
        {
            "design__lint_error__count": "Lint errors",
            "design__lint_warning__count": "Lint warnings",
            "design__lint_timing_construct__count": "Timing constructs",
        },
    ),
    **_counts(
        "Other",
        {
            "flow__warnings__count": "OpenROAD warnings",
            "flow__warnings__type_count": "Kinds of OpenROAD warnings",
            "flow__errors__count": "OpenROAD errors",
        },
    ),
}
