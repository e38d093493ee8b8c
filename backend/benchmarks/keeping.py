"""What it costs to keep a build's finished steps, and to put them back: three ways, in turn.

    ./a6hub bench keeping --run RUN_DIRECTORY

- files: each file is a blob of its own, and a step a tree of them, as a6hub does;
- tar: a step is one object;
- tar.gz: the same, compressed as fast as can be.

Once in a folder, once on an S3 server of this run (rclone's). `again` is what the same build adds
when it is kept a second time: what is the same is there already only as files.
"""

import argparse
import itertools
import statistics
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from pydantic import SecretStr

from app.core.settings import Settings
from app.jobs.keeping import keep_folder
from app.storage.store import Store, make_store
from app.storage.trees import write_tree
from app.toolchains.librelane.run_directory import step_folders
from tests.storage.s3_server import KEY, SECRET, serve_s3

#: Keeps a step's folder under a name of its own; returns what Restore needs.
Keep = Callable[[Store, Path, str], str]
#: Puts what was kept back, as a new folder.
Restore = Callable[[Store, str, Path], None]


@dataclass(frozen=True)
class Way:
    """A way to keep steps."""

    name: str
    keep: Keep
    restore: Restore


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--run", type=Path, required=True, help="a run directory of LibreLane's")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    steps = [arguments.run / step.folder for step in step_folders(arguments.run)]
    files = [path for step in steps for path in step.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    print(f"{len(steps)} steps, {len(files)} files, {size / 1e6:.1f} MB")
    print(f"{'store':<8}{'way':<8}{'keep':>9}{'restore':>9}{'objects':>9}{'kept':>11}{'again':>11}")
    for name, opened in (("folder", _folder), ("S3", _s3)):
        for way in WAYS:
            with opened() as (store, folder):
                _measure(name, way, store, folder, steps, arguments.rounds)


def _measure(
    name: str, way: Way, store: Store, folder: Path, steps: list[Path], rounds: int
) -> None:
    keeping, restoring, sizes, objects = [], [], [0], 0
    for number in range(rounds):
        began = time.perf_counter()
        kept = [way.keep(store, step, f"{number}/{step.name}") for step in steps]
        keeping.append(time.perf_counter() - began)
        sizes.append(sum(path.stat().st_size for path in _files(folder)))
        objects = objects or len(list(_files(folder)))
        with tempfile.TemporaryDirectory() as target:
            began = time.perf_counter()
            for step, what in zip(steps, kept, strict=True):
                way.restore(store, what, Path(target, step.name))
            restoring.append(time.perf_counter() - began)
    again = statistics.median(b - a for a, b in itertools.pairwise(sizes[1:]))
    print(
        f"{name:<8}{way.name:<8}{statistics.median(keeping):>7.2f} s"
        f"{statistics.median(restoring):>7.2f} s{objects:>9}"
        f"{sizes[1] / 1e6:>8.1f} MB{again / 1e6:>8.1f} MB"
    )


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


@contextmanager
def _folder() -> Iterator[tuple[Store, Path]]:
    with tempfile.TemporaryDirectory() as folder:
        yield make_store(Settings(store_url=f"file://{folder}")), Path(folder)


@contextmanager
def _s3() -> Iterator[tuple[Store, Path]]:
    with tempfile.TemporaryDirectory() as folder, serve_s3(Path(folder)) as server:
        settings = Settings(
            store_url=f"s3://{server.bucket}",
            s3_endpoint=server.endpoint,
            s3_access_key=SecretStr(KEY),
            s3_secret_key=SecretStr(SECRET),
        )
        yield make_store(settings), Path(folder)


def _keep_files(store: Store, step: Path, _: str) -> str:
    return keep_folder(store, step.parent, step.name, 1 << 40, step.parent)[0]


def _keep_tar(mode: str) -> Keep:
    def keep(store: Store, step: Path, name: str) -> str:
        packed = BytesIO()
        options = {"compresslevel": 1} if mode == "w:gz" else {}
        with tarfile.open(fileobj=packed, mode=mode, **options) as archive:  # type: ignore[call-overload]  # a mode in a variable
            archive.add(step, ".")
        store.put(name, packed.getvalue())
        return name

    return keep


def _restore_tar(store: Store, name: str, target: Path) -> None:
    with tarfile.open(fileobj=BytesIO(store.get(name))) as archive:
        archive.extractall(target, filter="data")


WAYS = (
    Way("files", _keep_files, write_tree),
    Way("tar", _keep_tar("w"), _restore_tar),
    Way("tar.gz", _keep_tar("w:gz"), _restore_tar),
)

if __name__ == "__main__":
    main()
