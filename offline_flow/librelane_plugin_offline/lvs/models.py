"""The devices that are compared, by the names of their models."""

NMOS = "sky130_fd_pr__nfet_01v8"
PMOS = "sky130_fd_pr__pfet_01v8_hvt"
#: The tie cells' resistors; only what they join is compared, not their resistance.
RESISTOR = "sky130_fd_pr__res_generic_po"
