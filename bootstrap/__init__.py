"""Setting up a6hub on a bare machine. Standard library only: nothing else is there yet."""
