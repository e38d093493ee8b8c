from pathlib import Path

from librelane_plugin_offline.lef import read_lef

LEF = """\
VERSION 5.7 ;
MACRO sky130_fd_sc_hd__inv_1
  CLASS CORE ;
  SIZE 1.380 BY 2.720 ;
  PIN A
    DIRECTION INPUT ;
    USE SIGNAL ;
    PORT
      LAYER met1 ;
        RECT 0.070 0.890 0.390 1.150 ;
        RECT 0.000 0.000 9.000 9.000 ;
    END
  END A
  PIN VPWR
    DIRECTION INOUT ;
    USE POWER ;
  END VPWR
  OBS
    LAYER met1 ;
      RECT 0.000 0.000 1.000 1.000 ;
  END
END sky130_fd_sc_hd__inv_1
MACRO sky130_fd_sc_hd__fill_1
  SIZE 0.460 BY 2.720 ;
END sky130_fd_sc_hd__fill_1
END LIBRARY
"""


def test_sizes_and_pins_are_read_in_nm(tmp_path: Path) -> None:
    path = tmp_path / "cells.lef"
    path.write_text(LEF)
    macros = read_lef(path)
    inverter = macros["sky130_fd_sc_hd__inv_1"]
    assert (inverter.width, inverter.height) == (1380, 2720)
    assert inverter.pins["A"].direction == "INPUT"
    assert inverter.pins["A"].position == (230, 1020)  # the first rectangle's middle
    assert inverter.pins["VPWR"].use == "POWER"
    assert macros["sky130_fd_sc_hd__fill_1"].pins == {}
