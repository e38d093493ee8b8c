"""Blobs and trees in the object store."""
