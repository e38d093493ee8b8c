import fcntl
from pathlib import Path

import pytest

from app.pdks.installing import install_archive
from app.pdks.trouble import PdkError
from app.pdks.using import use
from app.toolchains.librelane.pdks import choose_pdk, find_pdks
from tests.pdks.packing import FILES, NEW, OLD, tar


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "pdk.tar"
    file.write_bytes(tar(FILES))
    return file


@pytest.fixture
def root(tmp_path: Path, file: Path) -> Path:
    """Two versions, the older of which was installed first."""
    root = tmp_path / "root"
    for version in (OLD, NEW):
        install_archive(root, "sky130", version, file)
    return root


def _in_use(root: Path) -> str:
    return choose_pdk(find_pdks(root), "Classic", "sky130A", None).version


def test_the_first_is_in_use_until_another_is_chosen(root: Path) -> None:
    assert _in_use(root) == OLD
    assert use(root, "sky130", NEW[:7]) == NEW
    assert _in_use(root) == NEW
    for name in ("sky130A", "sky130B"):
        assert (root / name).resolve() == root / "ciel" / "sky130" / "versions" / NEW / name


@pytest.mark.parametrize("version", ["abc", "", "../sky130"])
def test_version_that_is_not_installed(root: Path, version: str) -> None:
    with pytest.raises(PdkError, match=f"installed are: {OLD}, {NEW}"):
        use(root, "sky130", version)
    assert _in_use(root) == OLD


def test_the_embedded_pdk_stays_in_its_place(tmp_path: Path, file: Path) -> None:
    root = tmp_path / "root"
    (root / "sky130A" / "libs.tech" / "offline").mkdir(parents=True)
    (root / "sky130A" / "made-by").write_text("c0ffee")
    install_archive(root, "sky130", NEW, file)
    assert (root / "sky130A" / "made-by").is_file()
    assert (root / "sky130B").is_symlink()
    assert _in_use(root) == NEW
    assert choose_pdk(find_pdks(root), "Offline", None, None).source == "a6hub"


def test_a_variant_that_the_version_has_not_loses_its_link(root: Path, tmp_path: Path) -> None:
    only_a = tmp_path / "only-a.tar"
    only_a.write_bytes(tar({name: text for name, text in FILES.items() if "130A" in name}))
    install_archive(root, "sky130", "f" * 40, only_a)
    use(root, "sky130", "f" * 40)
    assert not (root / "sky130B").is_symlink()
    assert (root / "sky130A").exists()


def test_one_at_a_time(root: Path, file: Path) -> None:
    with (root / ".a6hub-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(PdkError, match="Another"):
            install_archive(root, "sky130", "f" * 40, file)
