"""LibreLane in an image that has next to nothing: sh, and stand-ins where only its PATH leads."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.executors.registry import make_executor
from app.toolchains.base import Verdict
from app.toolchains.librelane.catalog import load_catalog
from app.toolchains.librelane.offer import Offered, offers_of
from app.toolchains.librelane.toolchain import LibreLane
from tests.executors.engine import NoEngineError, running_engine
from tests.executors.image import make_image
from tests.toolchains.conftest import MakeWorkdir
from tests.toolchains.jobs import run_job
from tests.toolchains.librelane.catalogs import CATALOG, as_text

VERSION = "8afc8346a57fe1ab7934ba5a6056ea8b43078e71"
#: Says what it sees, and leaves a run directory.
LIBRELANE = """#!/bin/sh
echo "$@"
echo "path $PATH home $HOME"
ls "$3"
touch "$3/evil" 2>&1
cd run/build
mkdir -p 01-yosys-synthesis final
for f in state_in state_out config; do echo '{}' > 01-yosys-synthesis/$f.json; done
echo 00:00:01.000 > 01-yosys-synthesis/runtime.txt
echo '{"klayout__drc_error__count": 0}' > final/metrics.json
until grep -q librelane ../versions; do sleep 0.01; done
"""
#: Answers what a6hub asks of LibreLane's Python.
PYTHON = f"""#!/bin/sh
case "$*" in
  *" tools") echo '["yosys", "openroad"]' ;;
  -V) echo Python 3.13.1 ;;
  -I*) echo librelane 3.0.0 ;;
  *) echo '{as_text(CATALOG).decode()}' ;;
esac
"""
YOSYS = "#!/bin/sh\necho 'Yosys 0.46 (git sha1 e97731dd9)'\n"


@pytest.fixture(scope="module")
def host_and_image() -> Iterator[tuple[str, str]]:
    programs = {"librelane": LIBRELANE, "python3": PYTHON, "yosys": YOSYS}
    scripts = {f"/nix/store/tools/bin/{name}": text for name, text in programs.items()}
    with ExitStack() as stack:
        try:
            engine = stack.enter_context(running_engine())
        except NoEngineError as error:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(str(error))
        client = stack.enter_context(closing(engine.client()))
        path = "ENV PATH=/nix/store/tools/bin:/usr/bin"
        yield engine.host, make_image(client, changes=[path], scripts=scripts)


@pytest.fixture
def settings(host_and_image: tuple[str, str], tmp_path: Path) -> Settings:
    host, image = host_and_image
    for name in ("sky130A", "sky130B"):
        (tmp_path / "ciel" / "sky130" / "versions" / VERSION / name / "libs.tech").mkdir(
            parents=True
        )
    images = {"librelane": image, "default": "sha256:" + "0" * 64}
    return Settings(
        executor="docker",
        docker_host=host,
        docker_images=images,
        pdk_root=tmp_path,
        data_dir=tmp_path / "data",
    )


def test_build(settings: Settings, make_workdir: MakeWorkdir) -> None:
    workdir = make_workdir({"spm.v": "module spm(input clk); endmodule\n"})
    config = {"DESIGN_NAME": "spm", "flow": "Classic", "pdk": "sky130B"}
    [(offer, text)] = offers_of(settings)
    toolchain = LibreLane(settings, lambda: [Offered(offer, load_catalog(text))])
    result, output = run_job(toolchain, make_executor(settings), workdir, config)
    assert result.verdict is Verdict.CLEAN, output
    root = f"{settings.pdk_root}/ciel/sky130/versions/{VERSION}"
    assert f"--manual-pdk --pdk-root {root} --pdk sky130B --flow Classic" in output
    assert "path /nix/store/tools/bin:/usr/bin home /job" in output
    assert result.details["installation"] == {"image": settings.docker_images["librelane"]}
    assert result.details["pdk"] == {"name": "sky130B", "version": VERSION, "source": "ciel"}
    assert result.details["versions"] == {
        "yosys": "0.46 (git sha1 e97731dd9)",
        "python": "3.13.1",
        "librelane": "3.0.0",
    }
    assert "sky130A\nsky130B\n" in output
    assert "Read-only file system" in output


def test_what_the_worker_offers(settings: Settings) -> None:
    [(offer, _)] = offers_of(settings)
    assert (offer.librelane, offer.tools) == ("3.0.0", ("yosys", "openroad"))
    assert {(pdk.name, pdk.version) for pdk in offer.pdks} == {
        ("sky130A", VERSION),
        ("sky130B", VERSION),
    }
