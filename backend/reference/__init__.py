"""The pages of docs/reference, made from the code: settings, API, command line, metrics.

They are kept in the repository, so that they can be read where the code is; a test compares them
with the code, and `./a6hub docs` makes them anew.
"""
