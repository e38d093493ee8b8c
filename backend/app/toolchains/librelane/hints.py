"""What mostly helps when a build fails, by what the tool said.

Variables have the names of LibreLane 3; before, those of the power grid began with FP_PDN_, as in
FP_PDN_VPITCH.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Hint:
    """Advice for messages that match a pattern, of steps whose id matches another."""

    message: str
    advice: str
    step: str = ""


_LARGER = "Give it a larger area: a smaller FP_CORE_UTIL, or FP_SIZING 'absolute' with DIE_AREA"
#: The first that matches is given; the codes of tools first, words that many use last.
HINTS = (
    Hint(
        r"PDN-0185",
        "The core is too small for the power grid's straps. "
        f"{_LARGER}; or set the straps closer with PDN_VPITCH, PDN_VOFFSET and PDN_VWIDTH.",
    ),
    Hint(
        r"PDN-0175",
        "The straps of the power grid are too close to each other: "
        "raise PDN_VPITCH and PDN_HPITCH to at least what the message says.",
    ),
    Hint(
        r"PDN-0179",
        "Between macros, or a macro and the core's edge, there is no room for power straps: "
        "place the macros with more space around them, or on the grid of the straps.",
    ),
    Hint(
        r"PSM-0069|PSM-0038|[Cc]heck connectivity failed",
        "A part of the power grid is not connected: see how macros get their power "
        "(PDN_MACRO_CONNECTIONS), and whether straps reach all rows.",
    ),
    Hint(
        r"Failed to extract PR boundary",
        "Magic finds no boundary in a macro's GDSII: give it one on the PDK's boundary layer, or "
        "let KLayout write the layout (PRIMARY_GDSII_STREAMOUT_TOOL, RUN_MAGIC_STREAMOUT).",
    ),
    Hint(
        r"IFP-0065|No rows created",
        f"Not one row of cells fits into the core. {_LARGER}.",
    ),
    Hint(
        r"GPL-0302|higher -density",
        "The cells need a denser placement than PL_TARGET_DENSITY_PCT allows: raise it to what "
        "the message suggests, or lower FP_CORE_UTIL.",
    ),
    Hint(
        r"GPL-0301|[Uu]tilization.*exceeds 100",
        f"The cells do not fit into the core. {_LARGER}.",
    ),
    Hint(
        r"GPL-030[5-7]|diverged",
        "Placement did not settle: lower PL_TARGET_DENSITY_PCT and FP_CORE_UTIL, and see whether "
        "macros leave the cells enough room.",
    ),
    Hint(
        r"DPL-003[36]|Detailed placement failed",
        "Some cells found no legal place, mostly after buffers or diodes were added: "
        "lower FP_CORE_UTIL and PL_TARGET_DENSITY_PCT, or enlarge DIE_AREA.",
    ),
    Hint(
        r"PPL-0024|exceeds maximum number of available positions",
        "The die's edge is too short for so many pins: enlarge DIE_AREA (with FP_SIZING "
        "'absolute'), or let pins be closer with IO_PIN_MIN_DISTANCE.",
    ),
    Hint(
        r"GRT-011[689]|finished with congestion",
        "There are more wires than tracks: lower FP_CORE_UTIL and PL_TARGET_DENSITY_PCT, or allow "
        "more layers with RT_MAX_LAYER. GRT_ALLOW_CONGESTION only hands it to detailed routing.",
    ),
    Hint(
        r"DRT-0073|No access point",
        "The router cannot reach a pin: a macro's pin may be off the tracks or covered, or too "
        "close to another macro. See the macro's LEF and its place.",
    ),
    Hint(
        r"DRT-0155|outside the allowed routing range",
        "A wire needs a layer that RT_MIN_LAYER, RT_MAX_LAYER or RT_CLOCK_MIN_LAYER exclude.",
    ),
    Hint(
        r"STA-0366|port '.*' not found",
        "CLOCK_PORT (or an SDC file) names a port that the design does not have. "
        "For a design without a clock set CLOCK_PORT to null.",
    ),
    Hint(
        r"instances not found|[Mm]acro.*(not (been )?placed|unplaced)",
        "A macro has no place: name its instances in MACROS as they are in the netlist, with "
        "location and orientation for each.",
    ),
    Hint(
        r"[Mm]odule .*(not found|is not part of the design)|MODMISSING",
        "A module has no definition: add its file to VERILOG_FILES, or, for a macro, its views to "
        "MACROS; see also the spelling and VERILOG_INCLUDE_DIRS.",
    ),
    Hint(
        r"[Cc]an't open include|Cannot find include file|include file.*(not found|cannot)",
        "An included file was not found: add its folder to VERILOG_INCLUDE_DIRS.",
    ),
    Hint(
        r"syntax error",
        "The sources do not parse there. SystemVerilog that Yosys cannot read may be read with "
        "USE_SLANG (before LibreLane 3: USE_SYNLIG); see also VERILOG_DEFINES.",
        r"^(Yosys|Verilator|Checker\.Lint|Offline)",
    ),
    Hint(
        r"combinational loop|logic loop|UNOPTFLAT",
        "The design has a combinational loop: break it with a register. Where it is meant, set "
        "ERROR_ON_SYNTH_CHECKS to false.",
    ),
    Hint(
        r"multiple conflicting drivers|MULTIDRIVEN",
        "A signal is driven from several places: keep one always block or assignment for each.",
    ),
    Hint(
        r"used but has no driver|Yosys check errors",
        "Signals are used that nothing drives, or the design has a combinational loop; the report "
        "'chk.rpt' of Synthesis names them. Where it is meant, set ERROR_ON_SYNTH_CHECKS to false.",
    ),
    Hint(
        r"[Ll]atch inferred|LATCH",
        "A signal keeps its value in some branch: assign it in all branches, or give it a default "
        "before them.",
    ),
    Hint(
        r"[Tt]iming constructs",
        "Delays such as #5 cannot be made in hardware: remove them, or keep them from the build "
        "with `ifdef.",
    ),
    Hint(
        r"Unmapped Yosys instances",
        "Some cells have no counterpart in the library, mostly tristate buffers or latches that it "
        "lacks, or blackboxes without views.",
    ),
    Hint(
        r"assign statements? (found )?in the netlist",
        "The netlist has plain assignments left, which later tools do not take: buffer the "
        "outputs that are the same net, or set ERROR_ON_NL_ASSIGN_STATEMENTS to false.",
    ),
    Hint(
        r"Lint errors",
        "Verilator found errors in the sources: the log of Lint tells file and line.",
    ),
    Hint(
        r"Lint warnings",
        "ERROR_ON_LINTER_WARNINGS makes every warning of Verilator end the build: mend them, or "
        "leave it out.",
    ),
    Hint(
        r"critical disconnected pins",
        "Pins of cells or macros are not connected to power, ground or a net they need: see "
        "PDN_MACRO_CONNECTIONS, and the report of Report Disconnected Pins.",
    ),
    Hint(
        r"bad_alloc|[Oo]ut of memory|Cannot allocate memory|\bOOM\b|SIGKILL|^Killed",
        "The tool ran out of memory: a smaller design or fewer threads (DRT_THREADS) need less; "
        "the operator can allow jobs more.",
    ),
    Hint(
        r"No such file or directory: '(openroad|yosys|klayout|magic|netgen|verilator|sta)'"
        r"|(openroad|yosys|klayout|magic|netgen|verilator|sta): (command )?not found",
        "This worker does not have that tool. Flows of LibreLane's own need all of its tools, as "
        "its container image has them; the flow Offline does without OpenROAD.",
    ),
    Hint(
        r"PDK .*(was )?not found|[Uu]nknown PDK|No such PDK",
        "This worker does not have that PDK: choose one of those that the PDKs' list offers.",
    ),
    Hint(
        r"[Nn]o space left on device",
        "The disk is full: the operator can give jobs more room.",
    ),
    Hint(
        r"Signal 11 received|[Ss]egmentation fault|SIGSEGV|SIGABRT",
        "The tool itself crashed. Another version of it, or a small change of the design or the "
        "floorplan, mostly gets around that.",
    ),
)


def hint_for(step: str | None, message: str) -> str | None:
    """Return advice for what went wrong in a step; None if there is none."""
    for hint in HINTS:
        if re.search(hint.step, step or "") and re.search(hint.message, message):
            return hint.advice
    return None
