"""`a6hub pdk` with the real ciel and a small mirror."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli.pdk import pdk
from app.core.settings import Settings
from app.pdks.mirror import served
from tests.pdks.packing import FILES, NEW, OLD, make_mirror, tar

_PYTHON = os.environ.get("A6HUB_FLOW_PYTHON")


class Command:
    """`a6hub pdk` on a root of its own."""

    def __init__(self, root: Path, python: str) -> None:
        self.root = root
        self._env = {"A6HUB_PDK_ROOT": str(root), "A6HUB_FLOW_PYTHON": python}

    def __call__(self, *words: str) -> tuple[int, str]:
        """Return the status and what it said."""
        done = CliRunner().invoke(pdk, words, env=self._env)
        return done.exit_code, done.output


@pytest.fixture
def a6hub_pdk(tmp_path: Path) -> Command:
    """Without ciel."""
    return Command(tmp_path / "root", "")


@pytest.fixture
def with_ciel(tmp_path: Path) -> Command:
    if not _PYTHON and not os.environ.get("CI"):
        pytest.skip("there is no build flow: see ./a6hub test")
    return Command(tmp_path / "root", _PYTHON or "")


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    return make_mirror(tmp_path / "mirror", OLD, NEW)


@pytest.mark.flow
def test_install_from_a_folder(with_ciel: Command, mirror: Path) -> None:
    status, said = with_ciel("install", "sky130", "--from", str(mirror))
    assert (status, f"sky130 {NEW}: installed" in said) == (0, True)  # LibreLane's own choice
    place = with_ciel.root / "ciel" / "sky130" / "versions" / NEW
    assert {name: (place / name).read_bytes() for name in FILES} == FILES
    status, said = with_ciel("list")
    assert status == 0
    assert said.startswith(f"* sky130     {NEW}      0 MiB  sky130A sky130B  LibreLane here is")
    assert sorted(path.name for path in with_ciel.root.iterdir()) == [
        ".a6hub-lock",
        "ciel",
        "sky130A",
        "sky130B",
    ]


@pytest.mark.flow
@pytest.mark.parametrize("libraries", [(), ("sky130_fd_sc_ls",), ("all",)])
def test_libraries(with_ciel: Command, mirror: Path, libraries: tuple[str, ...]) -> None:
    asked = [f"--library={name}" for name in libraries]
    status, said = with_ciel("install", "sky130", "--from", str(mirror), *asked)
    assert status == 0, said
    place = with_ciel.root / "sky130A" / "libs.ref"
    found = {path.name for path in place.iterdir()}
    assert found == {"sky130_fd_sc_hd", *(["sky130_fd_sc_ls"] if libraries else [])}


@pytest.mark.flow
def test_install_from_an_address_and_use(with_ciel: Command, mirror: Path) -> None:
    with served(mirror) as address:
        for version in (NEW, OLD):
            assert with_ciel("install", "sky130A", version, "--from", address)[0] == 0
        status, said = with_ciel("list", "--remote", "sky130", "--from", address)
    assert status == 0
    assert sorted(said.splitlines()) == [f"sky130 {OLD}  installed", f"sky130 {NEW}  in use"]
    assert with_ciel("use", "sky130", OLD[:6]) == (0, f"builds take sky130 {OLD}\n")
    assert with_ciel("list")[1].startswith(f"* sky130     {OLD}")


@pytest.mark.flow
@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["sky130", "f" * 40], f"There is no version {'f' * 40} of sky130 at http"),
        (["gf180mcu", "--from", "http://127.0.0.1:1"], "http://127.0.0.1:1 cannot be reached"),
        (["sky130", "--from", "/nowhere"], "/nowhere is no folder, no archive and no address"),
    ],
)
def test_what_cannot_be_fetched(
    with_ciel: Command, mirror: Path, words: list[str], why: str
) -> None:
    source = [] if "--from" in words else ["--from", str(mirror)]
    status, said = with_ciel("install", *words, *source)
    assert (status, why in said) == (1, True), said
    assert with_ciel("list")[1].startswith("none in")


@pytest.mark.flow
def test_half_a_mirror_is_not_installed(with_ciel: Command, mirror: Path) -> None:
    packed = mirror / "sky130" / NEW / "common.tar.zst"
    packed.write_bytes(packed.read_bytes()[:-10])
    status, said = with_ciel("install", "sky130", "--from", str(mirror))
    assert (status, "ciel failed" in said) == (1, True), said
    assert not (with_ciel.root / "ciel").exists()


def test_without_ciel(
    a6hub_pdk: Command, mirror: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")  # where no ciel is
    status, said = a6hub_pdk("install", "sky130", NEW, "--from", str(mirror))
    assert (status, "--from ARCHIVE" in said) == (1, True)
    (tmp_path / "pdk.tar").write_bytes(tar(FILES))
    status, said = a6hub_pdk("install", "sky130", NEW, "--from", str(tmp_path / "pdk.tar"))
    assert (status, f"sky130 {NEW}: installed" in said) == (0, True)
    words = ["install", "sky130", OLD, "--from", str(tmp_path / "pdk.tar"), "--library=all"]
    assert a6hub_pdk(*words) == (1, "An archive is taken as it is: leave --library out.\n")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["install", "sky131"], "Did you mean sky130?"),
        (["install", "intel4"], "There are sky130, gf180mcu, ihp-sg13g2."),
        (["install", "sky130", "../x"], "'../x' is no version"),
        (["install", "sky130"], "name it"),
        (["use", "ihp_sg13g2", "abc"], "ihp-sg13g2 has no version abc here"),
    ],
)
def test_wrong_words(a6hub_pdk: Command, words: list[str], why: str) -> None:
    status, said = a6hub_pdk(*words)
    assert (status, why in said) == (1, True), said


def test_without_a_root() -> None:
    assert Settings().pdk_root is None
    done = CliRunner().invoke(pdk, ["list"])
    assert (done.exit_code, "A6HUB_PDK_ROOT" in done.output) == (1, True)
