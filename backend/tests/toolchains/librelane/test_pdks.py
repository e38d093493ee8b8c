from pathlib import Path

import pytest

from app.toolchains.base import BadInputError
from app.toolchains.librelane.pdks import Pdk, choose_pdk, find_pdks

OLD, NEW = "0fe599b2afb6708d281543108caf8310912f54af", "8afc8346a57fe1ab7934ba5a6056ea8b43078e71"


def _of_ciel(root: Path, family: str, version: str, *names: str, in_use: bool = False) -> None:
    home = root / "ciel" / family
    for name in names:
        (home / "versions" / version / name / "libs.tech").mkdir(parents=True)
        if in_use:
            (root / name).symlink_to(f"ciel/{family}/versions/{version}/{name}")
    if in_use:
        (home / "current").write_text(version)


def _embedded(root: Path) -> None:
    (root / "sky130A" / "libs.tech" / "offline").mkdir(parents=True)
    (root / "sky130A" / "made-by").write_text("c0ffee" * 10)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two versions of sky130, one of each other family, and what is no PDK."""
    _of_ciel(tmp_path, "sky130", OLD, "sky130A", "sky130B")
    _of_ciel(tmp_path, "sky130", NEW, "sky130A", "sky130B", in_use=True)
    _of_ciel(tmp_path, "gf180mcu", "5443591", "gf180mcuC", "gf180mcuD")
    _of_ciel(tmp_path, "ihp-sg13g2", "c4b8b4e", "ihp-sg13g2", in_use=True)
    (tmp_path / "ciel" / "sky130" / "versions" / "empty").mkdir()
    (tmp_path / "ciel" / "sky130" / "versions" / ".new" / "sky130A" / "libs.tech").mkdir(
        parents=True
    )
    (tmp_path / "a6hub-stamp").touch()
    return tmp_path


def _choose(root: Path, *wanted: str | None, flow: str = "Classic", default: str = "") -> Pdk:
    name, version = [*wanted, None, None][:2]
    return choose_pdk(find_pdks(root), flow, name, version, default)


def test_what_ciel_installed(root: Path) -> None:
    found = [(pdk.name, pdk.version, pdk.in_use, pdk.source) for pdk in find_pdks(root)]
    assert found == [
        ("gf180mcuC", "5443591", False, "ciel"),
        ("gf180mcuD", "5443591", False, "ciel"),
        ("ihp-sg13g2", "c4b8b4e", True, "ciel"),
        ("sky130A", NEW, True, "ciel"),
        ("sky130A", OLD, False, "ciel"),
        ("sky130B", NEW, True, "ciel"),
        ("sky130B", OLD, False, "ciel"),
    ]


@pytest.mark.parametrize(
    ("name", "version", "chosen"),
    [
        (None, None, ("sky130A", NEW)),
        ("sky130A", OLD, ("sky130A", OLD)),
        ("sky130A", OLD[:7], ("sky130A", OLD)),
        ("sky130B", None, ("sky130B", NEW)),
        ("sky130", None, ("sky130A", NEW)),
        ("gf180mcu", None, ("gf180mcuD", "5443591")),
        ("gf180mcuC", None, ("gf180mcuC", "5443591")),
        ("ihp-sg13g2", None, ("ihp-sg13g2", "c4b8b4e")),
    ],
)
def test_choice(root: Path, name: str | None, version: str | None, chosen: tuple[str, str]) -> None:
    pdk = _choose(root, name, version)
    assert (pdk.name, pdk.version) == chosen


def test_operator_sets_what_is_taken(root: Path) -> None:
    assert _choose(root, default="ihp-sg13g2").name == "ihp-sg13g2"
    assert _choose(root, "sky130A", default="ihp-sg13g2").name == "sky130A"


def test_only_the_chosen_version_is_shown(root: Path) -> None:
    pdk = _choose(root, "sky130A", OLD)
    folder = root / "ciel" / "sky130" / "versions" / OLD
    assert (pdk.root, pdk.mount().source, pdk.mount().target) == (folder, folder, folder)
    assert not pdk.mount().writable


@pytest.mark.parametrize(
    ("name", "version", "field", "words"),
    [
        ("asap7", None, "config.pdk", "no PDK 'asap7' here; installed are: gf180mcuC 5443591"),
        ("sky130A", "8afd", "config.pdk_version", f"'8afd' is not of the versions.*{OLD}"),
        ("sky130A", "8af", "config.pdk_version", "is not"),  # too short to be told apart
    ],
)
def test_what_is_not_there(
    root: Path, name: str, version: str | None, field: str, words: str
) -> None:
    with pytest.raises(BadInputError, match=words) as refused:
        _choose(root, name, version)
    assert refused.value.field == field


def test_without_the_file_the_links_tell_what_is_in_use(root: Path) -> None:
    (root / "ciel" / "sky130" / "current").unlink()
    assert _choose(root, "sky130A").version == NEW


def test_several_versions_of_which_none_is_in_use(root: Path) -> None:
    (root / "ciel" / "sky130" / "current").unlink()
    (root / "sky130A").unlink()
    with pytest.raises(BadInputError, match=f"Choose a version of sky130A: .*{OLD}.*{NEW}"):
        _choose(root, "sky130A")


def test_embedded_pdk_alone(tmp_path: Path) -> None:
    _embedded(tmp_path)
    pdk = _choose(tmp_path, flow="Offline")
    assert (pdk.name, pdk.version, pdk.source) == ("sky130A", "c0ffeec0ffee", "a6hub")
    assert (pdk.root, pdk.mount().source) == (tmp_path, tmp_path / "sky130A")
    with pytest.raises(BadInputError, match=r"Classic needs a whole sky130A.*`a6hub pdk install`"):
        _choose(tmp_path, flow="Classic")


@pytest.mark.parametrize("name", ["sky130A", "gf180mcu"])
def test_the_flow_offline_takes_the_embedded_pdk_alone(root: Path, name: str) -> None:
    with pytest.raises(BadInputError, match="Offline runs on a6hub's own sky130A alone"):
        _choose(root, name, flow="Offline")


def test_embedded_pdk_and_one_of_ciel_each_serve_their_flows(tmp_path: Path) -> None:
    _embedded(tmp_path)
    _of_ciel(tmp_path, "sky130", NEW, "sky130A")
    assert _choose(tmp_path, flow="Offline").source == "a6hub"
    assert _choose(tmp_path, flow="Classic").version == NEW


def test_embedded_pdk_whose_place_a_link_has_taken(root: Path) -> None:
    embedded = root / "ciel" / "sky130" / "versions" / "a6hub"
    (embedded / "sky130A" / "libs.tech" / "offline").mkdir(parents=True)
    (embedded / "sky130A" / "made-by").write_text("c0ffee" * 10)
    pdk = _choose(root, flow="Offline")
    assert (pdk.version, pdk.source, pdk.root) == ("c0ffeec0ffee", "a6hub", embedded)
    assert _choose(root).version == NEW


def test_pdk_made_by_hand(tmp_path: Path) -> None:
    elsewhere = tmp_path / "share" / "sky130A"
    (elsewhere / "libs.tech").mkdir(parents=True)
    (elsewhere / "SOURCES").write_text(f"open_pdks {NEW}\n")
    root = tmp_path / "root"
    root.mkdir()
    (root / "sky130A").symlink_to(elsewhere)
    pdk = _choose(root)
    assert (pdk.version, pdk.source, pdk.root) == (NEW[:12], "folder", tmp_path / "share")
    assert pdk.mount().source == elsewhere


def test_root_that_is_a_link(root: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(root)
    assert _choose(link).root.is_relative_to(root.resolve())
