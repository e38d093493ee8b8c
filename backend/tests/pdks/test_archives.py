"""PDKs from one archive: whole or not at all, whoever made it."""

import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from app.cli.stack import BACKEND
from app.executors.bubblewrap import BubblewrapExecutor
from app.executors.folders import walk
from app.pdks import archive as archives
from app.pdks.installing import install_archive
from app.pdks.trouble import PdkError
from app.projects.archives import Limits
from app.toolchains.librelane.pdks import find_pdks
from tests.pdks.packing import FILES, NEW, OLD, PACKINGS, SOURCES, member, tar


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "pdk.archive"


@pytest.fixture
def sandbox() -> None:
    trouble = BubblewrapExecutor().check()
    if trouble and not os.environ.get("CI"):
        pytest.skip(trouble)


def _left(root: Path) -> list[str]:
    """What is below a root but the lock."""
    return sorted(entry.name for entry in walk(root) if entry.name != ".a6hub-lock")


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("top", ["", "./", f"{NEW}/"])
def test_install(root: Path, file: Path, packing: str, top: str) -> None:
    files = {top + name: text for name, text in (FILES | SOURCES).items()}
    file.write_bytes(PACKINGS[packing](tar(files)))
    assert install_archive(root, "sky130", None, file) == NEW
    place = root / "ciel" / "sky130" / "versions" / NEW
    assert {name: (place / name).read_bytes() for name in FILES} == FILES
    found = [(pdk.name, pdk.version, pdk.in_use) for pdk in find_pdks(root)]
    assert found == [("sky130A", NEW, True), ("sky130B", NEW, True)]
    assert (root / "sky130A").readlink() == Path(f"ciel/sky130/versions/{NEW}/sky130A")
    assert not list(root.glob(".a6hub-new-*"))


def test_others_can_read_it(root: Path, file: Path) -> None:
    file.write_bytes(tar(FILES))
    umask = os.umask(0o077)
    try:
        install_archive(root, "sky130", NEW, file)
    finally:
        os.umask(umask)
    place = root / "ciel" / "sky130" / "versions" / NEW
    for entry in walk(place):
        assert entry.stat().st_mode & (0o005 if entry.is_dir() else 0o004), entry.path


def test_links_within_are_kept(root: Path, file: Path) -> None:
    lib = "libs.ref/sky130_fd_sc_hd/lib/tt.lib"
    links = [
        member("sky130A/same.lib", tarfile.SYMTYPE, lib),
        member(f"sky130B/{lib}", tarfile.SYMTYPE, f"../../../../sky130A/{lib}"),
        member("sky130B/hard.lib", tarfile.LNKTYPE, f"sky130A/{lib}"),
        member("sky130A/folder", tarfile.SYMTYPE, "libs.tech"),
    ]
    file.write_bytes(tar(FILES, *links))
    install_archive(root, "sky130", NEW, file)
    place = root / "ciel" / "sky130" / "versions" / NEW
    for name in ("sky130A/same.lib", f"sky130B/{lib}", "sky130B/hard.lib"):
        assert (place / name).read_bytes() == FILES[f"sky130A/{lib}"]
    assert (place / "sky130A" / "folder" / "librelane").is_dir()


def _link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> list[tarfile.TarInfo]:
    return [member(name, kind, target)]


HOSTILE = {
    "absolute": [member("/etc/evil")],
    "climbs": [member("sky130A/../../evil")],
    "absolute link": _link("sky130A/x", "/etc/passwd"),
    "link out": _link("sky130A/x", "../../../../../evil"),
    "link out over a link": [
        member("sky130A/a", tarfile.SYMTYPE, "libs.tech/librelane"),
        member("sky130A/x", tarfile.SYMTYPE, "a/../../../../../../evil"),
    ],
    "link to nothing": _link("sky130A/x", "y"),
    "loop": [*_link("sky130A/x", "y"), *_link("sky130A/y", "x")],
    "below a link": [*_link("sky130A/x", "/tmp"), member("sky130A/x/evil")],
    "link below a link": [*_link("sky130A/x", ".."), *_link("sky130A/x/evil", "sky130A")],
    "link over a folder": _link("sky130A/libs.tech", "/tmp"),
    "hard link out": _link("sky130A/x", "../../evil", tarfile.LNKTYPE),
    "hard link to nothing": _link("sky130A/x", "sky130A/none", tarfile.LNKTYPE),
    "hard link to a link": [
        *_link("sky130A/x", "/etc/passwd"),
        *_link("sky130A/y", "sky130A/x", tarfile.LNKTYPE),
    ],
    "twice": [member("sky130A/x"), member("sky130A/x")],
    "file in a file's place": [member("sky130A/x"), member("sky130A/x/y")],
    "device": [member("sky130A/x", tarfile.CHRTYPE)],
    "FIFO": [member("sky130A/x", tarfile.FIFOTYPE)],
}


@pytest.mark.parametrize("more", HOSTILE.values(), ids=HOSTILE)
def test_hostile(root: Path, file: Path, more: list[tarfile.TarInfo]) -> None:
    file.write_bytes(tar(FILES, *more))
    with pytest.raises(PdkError):
        install_archive(root, "sky130", NEW, file)
    assert _left(root) == []
    assert sorted(path.name for path in root.parent.iterdir()) == ["pdk.archive", "root"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"BZh9", "bzip2"),
        (PACKINGS["tar.zst"](tar(FILES))[:-20], "cut off|unpacked"),
        (tar(FILES)[:700], "cut off"),
        (tar({"readme": b""}), "no PDK of the family sky130"),
        (tar({"gf180mcuD/libs.tech/x": b""}), "no PDK of the family sky130.*gf180mcuD"),
    ],
)
def test_what_is_no_pdk(root: Path, file: Path, data: bytes, words: str) -> None:
    file.write_bytes(data)
    with pytest.raises(PdkError, match=words):
        install_archive(root, "sky130", NEW, file)
    assert _left(root) == []


@pytest.mark.parametrize(
    "limits",
    [Limits(1000, 1000, 99, 99), Limits(1 << 30, 10, 99, 99), Limits(1 << 30, 1 << 30, 2, 99)],
)
def test_bombs(root: Path, file: Path, limits: Limits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_LIMITS", limits)
    file.write_bytes(PACKINGS["tar.xz"](tar(FILES)))
    with pytest.raises(PdkError, match=r"larger|more than"):
        install_archive(root, "sky130", NEW, file)
    assert _left(root) == []


def test_another_version_than_was_asked_for(root: Path, file: Path) -> None:
    file.write_bytes(tar(FILES | SOURCES))
    with pytest.raises(PdkError, match=f"holds version {NEW}, not {OLD}"):
        install_archive(root, "sky130", OLD, file)


def test_archive_that_does_not_say_its_version(root: Path, file: Path) -> None:
    file.write_bytes(tar(FILES))
    with pytest.raises(PdkError, match="name it"):
        install_archive(root, "sky130", None, file)


def test_twice(root: Path, file: Path) -> None:
    file.write_bytes(tar(FILES))
    install_archive(root, "sky130", NEW, file)
    with pytest.raises(PdkError, match=f"installed already; `a6hub pdk use sky130 {NEW}`"):
        install_archive(root, "sky130", NEW, file)


def test_what_a_killed_one_left_is_removed(root: Path, file: Path) -> None:
    (root / ".a6hub-new-dead" / "sky130A").mkdir(parents=True)
    file.write_bytes(tar(FILES))
    install_archive(root, "sky130", NEW, file)
    assert not (root / ".a6hub-new-dead").exists()


def test_full_disk(tmp_path: Path, file: Path, sandbox: None) -> None:
    """On a disk of 64 KiB."""
    file.write_bytes(tar(FILES | {"sky130A/large": b"x" * (1 << 20)}))
    disk = tmp_path / "disk"
    disk.mkdir()
    words = ["bwrap", "--dev-bind", "/", "/", "--size", "65536", "--tmpfs", str(disk)]
    words += [sys.executable, "-m", "app.cli", "pdk", "install", "sky130", NEW, "--from", str(file)]
    env = os.environ | {"A6HUB_PDK_ROOT": str(disk / "root")}
    done = subprocess.run(words, cwd=BACKEND, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.search(r"full \(\d MiB free\); nothing was installed", done.stderr), done.stderr


def test_root_that_cannot_be_written(file: Path) -> None:
    file.write_bytes(tar(FILES))
    with pytest.raises(PdkError, match="/sys/a6hub-pdk cannot be written"):
        install_archive(Path("/sys/a6hub-pdk"), "sky130", NEW, file)
