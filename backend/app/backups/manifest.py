"""What a backup consists of, as JSON lines: one for the whole, then one for each object.

It is written last: a backup without it is none.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

FORMAT = 1


@dataclass(frozen=True)
class Part:
    """A piece of the database: a whole SQLite file, or the rows of a table of PostgreSQL."""

    table: str
    columns: list[str]
    digest: str


@dataclass(frozen=True)
class Kept:
    """An object of the store: its key, its content's digest and size in bytes, and its date."""

    key: str
    digest: str
    size: int
    written: str = ""


@dataclass
class Manifest:
    """A backup. `schema` is the database's migration; `lost` are objects that the store had not."""

    version: str
    dialect: str
    schema: str
    parts: list[Part] = field(default_factory=list)
    objects: list[Kept] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def write(manifest: Manifest) -> bytes:
    """Return the manifest as text."""
    head = asdict(manifest)
    head["objects"], head["format"] = len(manifest.objects), FORMAT
    return b"".join(_lines(head, manifest))


def read(text: bytes) -> Manifest:
    """Return what write() was given. ValueError when the text is cut short or of another kind."""
    first, *rest = text.splitlines()
    head = json.loads(first)
    if head.pop("format", None) != FORMAT or head.pop("objects") != len(rest):
        raise ValueError("the manifest is cut short, or of another version of a6hub")
    head["parts"] = [Part(**part) for part in head["parts"]]
    return Manifest(**head, objects=[Kept(*json.loads(line)) for line in rest])


def _lines(head: dict[str, object], manifest: Manifest) -> Iterator[bytes]:
    yield json.dumps(head).encode() + b"\n"
    for one in manifest.objects:
        yield json.dumps([one.key, one.digest, one.size, one.written]).encode() + b"\n"
