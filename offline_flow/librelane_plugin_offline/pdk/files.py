"""Writing the PDK's files."""

from pathlib import Path


def put(path: Path, text: str) -> None:
    """Write a file, and the folders above it if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
