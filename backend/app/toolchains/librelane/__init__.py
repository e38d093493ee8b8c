"""Builds with LibreLane: its configs, its command line, its run directories."""
