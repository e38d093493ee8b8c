"""Installing PDKs below a PDK root, as ciel lays them out (app.toolchains.librelane.pdks).

All comes together in a new folder beside its place, is looked at, and is renamed into it: a version
is there whole or not at all. Which version is in use is one file, replaced in one step.
"""
