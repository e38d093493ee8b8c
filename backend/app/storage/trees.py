"""Trees: which paths hold which blobs, as an immutable JSON manifest.

Keys: `trees/sha256/ab/abcd...`; the manifest is canonical JSON (sorted, no spaces), so that equal
trees have equal digests: {"files": {path: {"digest": ..., "size": bytes}}, "format": 1}.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.storage.blobs import copy_blob, digest_of
from app.storage.freshness import is_kept
from app.storage.store import Store


@dataclass(frozen=True)
class TreeFile:
    """One file of a tree; `size` in bytes."""

    digest: str
    size: int


def tree_key(digest: str) -> str:
    """Return the key of a tree's manifest."""
    return f"trees/sha256/{digest[:2]}/{digest}"


def put_tree(store: Store, files: Mapping[str, TreeFile]) -> str:
    """Keep the manifest of `files` (by path) and return its digest."""
    entries = {path: {"digest": f.digest, "size": f.size} for path, f in files.items()}
    manifest = {"files": entries, "format": 1}
    data = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
    digest = digest_of(data)
    if not is_kept(store, tree_key(digest)):
        store.put(tree_key(digest), data)
    return digest


def get_tree(store: Store, digest: str) -> dict[str, TreeFile]:
    """Return the files of a tree by path."""
    manifest = json.loads(store.get(tree_key(digest)))
    return {path: TreeFile(**entry) for path, entry in manifest["files"].items()}


def write_tree(store: Store, digest: str, folder: Path) -> None:
    """Write copies of a tree's files below the new folder `folder`.

    FileNotFoundError when the store has lost one, ValueError when one is not what it was.
    """
    folder.mkdir(parents=True)
    for path, file in get_tree(store, digest).items():
        target = folder / path
        if not target.resolve().is_relative_to(folder.resolve()):
            raise ValueError(f"tree {digest} holds the path {path!r}, which leaves the folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as copy:
            copy_blob(store, file.digest, copy)
