"""The command line behind `./a6hub`."""
