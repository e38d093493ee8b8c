"""What LibreLane's variables can do, by name.

The tables hold every variable of LibreLane that takes a path, a script or words for a tool's
command line, under all its names, old ones too; a test asks LibreLane itself whether one is
missing. docs/security.md tells what becomes of each kind.
"""

from fnmatch import fnmatchcase

#: Set by the platform.
PLATFORM = frozenset({"PDK", "PDK_ROOT", "PDKPATH", "OPEN_PDK_ROOT", "DESIGN_DIR", "SCRIPTS_DIR"})
#: Files that a tool runs or sources: Tcl, Python, Ruby, waivers that quote commands.
SCRIPTS = frozenset(
    {
        *("PDN_CFG", "FP_PDN_CFG", "PAD_CFG", "STA_EXTRA_CORNER_TCL_FILE", "EQY_SCRIPT"),
        *("KLAYOUT_ANTENNA_RUNSET", "KLAYOUT_DENSITY_RUNSET", "KLAYOUT_DRC_RUNSET"),
        *("KLAYOUT_DRC_TECH_SCRIPT", "KLAYOUT_FILLER_SCRIPT", "KLAYOUT_LVS_SCRIPT"),
        *("KLAYOUT_SEALRING_SCRIPT", "KLAYOUT_TECH", "KLAYOUT_PROPERTIES"),
        *("MAGICRC", "MAGIC_MAGICRC", "MAGIC_PDK_SETUP", "MAGIC_TECH", "MAGIC_TECH_FILE"),
        *("MAGIC_FILLER_SCRIPT", "NETGEN_SETUP", "NETGEN_SETUP_FILE", "LINTER_VLT"),
        # Becomes Tcl, line by line.
        *("FP_TRACKS_INFO", "TRACKS_INFO_FILE"),
        # Yosys runs what a map's attributes say.
        *("SYNTH_CSA_MAP", "SYNTH_FA_MAP", "SYNTH_LATCH_MAP", "SYNTH_RCA_MAP"),
        *("SYNTH_TRISTATE_MAP", "SYNTH_EXTRA_MAPPING_FILE", "CARRY_SELECT_ADDER_MAP"),
        *("FULL_ADDER_MAP", "RIPPLE_CARRY_ADDER_MAP", "TRISTATE_BUFFER_MAP"),
    }
)
#: Words for a tool's command line.
ARGUMENTS = frozenset(
    {
        *("SLANG_ARGUMENTS", "GHDL_ARGUMENTS", "MAGIC_FILLER_OPTIONS", "KLAYOUT_LVS_OPTIONS"),
        *("KLAYOUT_ANTENNA_DEFINES", "KLAYOUT_ANTENNA_OPTIONS", "KLAYOUT_DENSITY_DEFINES"),
        *("KLAYOUT_DENSITY_OPTIONS", "KLAYOUT_DRC_DEFINES", "KLAYOUT_DRC_OPTIONS"),
        *("KLAYOUT_FILLER_DEFINES", "KLAYOUT_FILLER_OPTIONS"),
    }
)
#: Timing constraints: Tcl, of which hardly a design has none. Confined.
CONSTRAINTS = frozenset(
    {
        *("PNR_SDC_FILE", "SIGNOFF_SDC_FILE", "RCX_SDC_FILE"),
        *("FALLBACK_SDC", "FALLBACK_SDC_FILE", "BASE_SDC_FILE", "SDC_FILE"),
    }
)
#: Files that are read as what they are: they have to lie in the project.
DATA = frozenset(
    {
        *("VERILOG_FILES", "VERILOG_INCLUDE_DIRS", "VHDL_FILES", "MACROS"),
        *("EXTRA_CDLS", "EXTRA_GDS", "EXTRA_GDS_FILES", "EXTRA_LEFS", "EXTRA_LIBS"),
        *("EXTRA_SPEFS", "EXTRA_SPICE_MODELS", "EXTRA_VERILOG_MODELS", "VERILOG_FILES_BLACKBOX"),
        *("FP_DEF_TEMPLATE", "IO_PIN_ORDER_CFG", "FP_PIN_ORDER_CFG", "MACRO_PLACEMENT_CFG"),
        *("MAGIC_DRC_MAGLEFS", "VSRC_LOC_FILES", "LIB", "TECH_LEFS", "RCX_RULESETS"),
        *("CELL_BB_VERILOG_MODELS", "CELL_CDLS", "STD_CELL_LIBRARY_CDL", "CELL_GDS"),
        *("GDS_FILES", "CELLS_GDS", "CELL_LEFS", "CELLS_LEF", "CELL_MAGLEFS", "CELL_MAGS"),
        *("CELL_SPICE_MODELS", "CELL_VERILOG_MODELS", "KLAYOUT_DEF_LAYER_MAP"),
        *("PAD_CDLS", "PAD_GDS", "PAD_LEFS", "PAD_LIBS", "PAD_SPICE_MODELS"),
        *("PAD_VERILOG_MODELS", "OFFLINE_CELL_SPICE_DIR", "OFFLINE_PIN_ACCESS"),
        *("OFFLINE_PNR_LEF", "PNR_EXCLUDED_CELL_FILE", "DRC_EXCLUDE_CELL_LIST"),
        *("PNR_EXCLUSION_CELL_LIST", "SYNTH_EXCLUDED_CELL_FILE", "NO_SYNTH_CELL_LIST"),
        "SYNTH_EXCLUSION_CELL_LIST",
    }
)
#: Macros and parameters, 'NAME' or 'NAME=value': LibreLane writes some into a script for Yosys,
#: where a semicolon would begin another command.
MACROS = frozenset(
    {
        *("VERILOG_DEFINES", "SYNTH_DEFINES", "LINTER_DEFINES", "SYNTH_PARAMETERS"),
        *("VERILOG_POWER_DEFINE", "SYNTH_USE_PG_PINS_DEFINES", "SYNTH_POWER_DEFINE"),
    }
)
#: Names of modules, nets, pins, cells and libraries.
NAMES = frozenset(
    {
        *("DESIGN_NAME", "CLOCK_PORT", "CLOCK_NET", "VDD_NETS", "GND_NETS", "VDD_PIN", "GND_PIN"),
        *("STD_CELL_LIBRARY", "PAD_CELL_LIBRARY", "DEFAULT_CORNER", "SYNTH_CORNER"),
        *("LINTER_DISABLE_WARNINGS", "LINTER_DISABLE_WARNINGS_BLACKBOX"),
    }
)
#: Names by which a variable that is in no table would be a script or a command line.
_SUSPICIOUS = (
    *("*_SCRIPT", "*_RUNSET", "*_TCL", "*_TCL_FILE", "*_MAP", "*_HOOK", "*_COMMAND", "*_CMD"),
    *("*_ARGS", "*_ARGUMENTS", "*_OPTIONS", "*_FLAGS"),
)
_KNOWN = CONSTRAINTS | DATA | MACROS | NAMES


def why_refused(name: str) -> str | None:
    """Return what a variable does that a job may not choose; None for one that it may set."""
    if name in PLATFORM:
        return "is set by a6hub; leave it out."
    if name in ARGUMENTS:
        return "is words for a tool's command line, which a job may not choose."
    if name in SCRIPTS or (name not in _KNOWN and is_suspicious(name)):
        return "names a script to run, which a job may not choose."
    return None


def is_suspicious(name: str) -> bool:
    """Return whether a variable is by its name a script or words for a command line."""
    return any(fnmatchcase(name, pattern) for pattern in _SUSPICIOUS)
