"""The PDK's LibreLane configuration. Paths are relative to PDK_ROOT, so that a PDK can be moved."""

TECHNOLOGY = """\
set ::env(STD_CELL_LIBRARY) "sky130_fd_sc_hd"
set ::env(VDD_PIN) "VPWR"
set ::env(GND_PIN) "VGND"
set ::env(VDD_NETS) "VPWR"
set ::env(GND_NETS) "VGND"
set ::env(PRIMARY_GDSII_STREAMOUT_TOOL) "klayout"
set ::env(DEFAULT_MAX_TRAN) 0.75
set ::env(DEFAULT_CORNER) "nom_tt_025C_1v80"
set ::env(STA_CORNERS) "nom_tt_025C_1v80"
set ::env(RT_MIN_LAYER) "met2"
set ::env(RT_MAX_LAYER) "met4"
set pdk "$::env(PDK_ROOT)/$::env(PDK)"
set ::env(TECH_LEFS) "nom_* $pdk/libs.ref/sky130_fd_sc_hd/techlef/sky130_fd_sc_hd__nom.tlef"
set ::env(KLAYOUT_TECH) "$pdk/libs.tech/klayout/sky130A.lyt"
set ::env(KLAYOUT_PROPERTIES) "$pdk/libs.tech/klayout/sky130A.lyp"
set ::env(KLAYOUT_DEF_LAYER_MAP) "$pdk/libs.tech/klayout/sky130A.map"
"""

LIBRARY = """\
set ref "$::env(PDK_ROOT)/$::env(PDK)/libs.ref/sky130_fd_sc_hd"
set off "$::env(PDK_ROOT)/$::env(PDK)/libs.tech/offline"
set ::env(SCL_GROUND_PINS) "VGND VNB"
set ::env(SCL_POWER_PINS) "VPWR VPB"
set ::env(FILL_CELLS) "sky130_fd_sc_hd__fill_*"
set ::env(DECAP_CELLS) "sky130_fd_sc_hd__decap_*"
set ::env(LIB) "*_tt_025C_1v80 $ref/lib/sky130_fd_sc_hd__tt_025C_1v80.lib"
set ::env(CELL_LEFS) "$ref/lef/sky130_fd_sc_hd.lef"
set ::env(CELL_GDS) "$ref/gds/sky130_fd_sc_hd.gds"
set ::env(CELL_BB_VERILOG_MODELS) "$ref/verilog/sky130_fd_sc_hd__blackbox.v"
set ::env(CELL_CDLS) "$ref/cdl/sky130_fd_sc_hd.cdl"
set ::env(SYNTH_EXCLUDED_CELL_FILE) "$off/synth_exclude.txt"
set ::env(PNR_EXCLUDED_CELL_FILE) "$off/pnr_exclude.txt"
set ::env(OUTPUT_CAP_LOAD) 33.442
set ::env(MAX_FANOUT_CONSTRAINT) 10
set ::env(CLOCK_UNCERTAINTY_CONSTRAINT) 0.25
set ::env(CLOCK_TRANSITION_CONSTRAINT) 0.15
set ::env(TIME_DERATING_CONSTRAINT) 5
set ::env(IO_DELAY_CONSTRAINT) 20
set ::env(SYNTH_DRIVING_CELL) "sky130_fd_sc_hd__inv_2/Y"
set ::env(SYNTH_TIEHI_CELL) "sky130_fd_sc_hd__conb_1/HI"
set ::env(SYNTH_TIELO_CELL) "sky130_fd_sc_hd__conb_1/LO"
set ::env(SYNTH_BUFFER_CELL) "sky130_fd_sc_hd__buf_2/A/X"
set ::env(PLACE_SITE) "unithd"
set ::env(CELL_PAD_EXCLUDE) ""
set ::env(WELLTAP_CELL) "sky130_fd_sc_hd__tapvpwrvgnd_1"
set ::env(ENDCAP_CELL) "sky130_fd_sc_hd__decap_3"
set ::env(DIODE_CELL) "sky130_fd_sc_hd__diode_2/DIODE"
set ::env(OFFLINE_PNR_LEF) "$off/pnr.lef"
set ::env(OFFLINE_PIN_ACCESS) "$off/access.json"
set ::env(OFFLINE_CELL_SPICE_DIR) "$ref/spice"
"""

#: Clock and delay buffers are for the clock tree alone.
SYNTHESIS_EXCLUDES = "sky130_fd_sc_hd__dlygate*\nsky130_fd_sc_hd__clkbuf_*\n"
