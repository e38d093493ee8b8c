"""The design in the formats of the field: DEF, Verilog, SPEF."""
