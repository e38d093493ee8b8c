"""Layout versus schematic, down to the transistors, with KLayout.

The schematic is the placed netlist over the library's SPICE cells. The layout's netlist is
extracted from the GDSII. Cells of the same name are compared one by one, then the design's own
netlist, whose ports must be the same by name.
"""

from librelane_plugin_offline.lvs.compare import LvsResult, run_lvs
from librelane_plugin_offline.lvs.schematic import write_schematic

__all__ = ["LvsResult", "run_lvs", "write_schematic"]
