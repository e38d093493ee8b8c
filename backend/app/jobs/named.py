"""What rows name of the store's content."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from app.models import KeptStep, ProjectFile, Revision
from app.storage.blobs import blob_key
from app.storage.store import Store
from app.storage.trees import get_tree, tree_key


@dataclass(frozen=True)
class Digests:
    """Of files of projects, and of trees: revisions and kept steps."""

    files: set[str]
    trees: set[str]


def named_digests(session: Session) -> Digests:
    """Return what is named now."""
    files = session.scalars(select(ProjectFile.digest).distinct())
    both = union(select(Revision.tree_digest), select(KeptStep.tree_digest))
    return Digests(set(files), set(session.execute(both).scalars()))


def keys_of(store: Store, files: Iterable[str], trees: Iterable[str]) -> set[str]:
    """Return the keys of files, of trees and of all that is in these.

    FileNotFoundError when the store has lost a tree, ValueError when it is damaged.
    """
    keys = {blob_key(digest) for digest in files}
    for digest in trees:
        keys |= keys_of_tree(store, digest)
    return keys


def keys_of_tree(store: Store, digest: str) -> set[str]:
    """Return the keys of a tree and of all that is in it; raises as keys_of()."""
    blobs = {blob_key(file.digest) for file in get_tree(store, digest).values()}
    return {tree_key(digest), *blobs}


def lost_trees(store: Store, trees: Iterable[str]) -> list[str]:
    """Return those of the trees that the store has not (any more)."""
    there = {entry.key for entry in store.entries("trees/")}
    return sorted(digest for digest in trees if tree_key(digest) not in there)
