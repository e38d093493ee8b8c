"""Which files of a run are kept, and as what."""

from pathlib import Path

import pytest

from app.toolchains.librelane.artifacts import collect_files, kind_of
from tests.toolchains.librelane.rundirs import RunDirectory


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("final/gds/top.gds", "gds"),
        ("final/gds/top.GDS.gz", "gds"),
        ("final/oas/top.oas", "oas"),
        ("final/klayout_gds/top.klayout.gds", "gds"),
        ("final/lef/top.lef", "lef"),
        ("final/def/top.def", "def"),
        ("final/odb/top.odb", "odb"),
        ("final/mag/top.mag", "mag"),
        ("final/nl/top.nl.v", "netlist"),
        ("final/pnl/top.sdf_pnl.v", "netlist"),
        ("final/sdf/max_ss_100C_1v60/top__max_ss_100C_1v60.sdf", "sdf"),
        ("final/spef/nom/top.nom.spef", "spef"),
        ("final/lib/nom_tt_025C_1v80/top__nom_tt_025C_1v80.lib", "lib"),
        ("final/sdc/top.sdc", "sdc"),
        ("final/spice/top.spice", "spice"),
        ("final/cdl/top.cdl", "cdl"),
        ("final/json_h/top.h.json", "header"),
        ("final/vh/top.vh", "header"),
        ("final/render/top.png", "picture"),
        ("62-magic-drc/reports/drc.magic.rpt", "drc"),
        ("62-magic-drc/reports/drc.magic.lyrdb", "drc"),
        ("63-klayout-drc/reports/drc.klayout.json", "drc"),
        ("61-klayout-xor/xor.xml", "drc"),
        ("66-netgen-lvs/reports/lvs.netgen.rpt", "lvs"),
        ("66-netgen-lvs/netgen-lvs.log", "log"),
        ("66-netgen-lvs/netgen-lvs.process_stats.json", "other"),
        ("55-openroad-stapostpnr/nom_tt/violator_list.rpt", "report"),
        ("final/commit_id.json", "other"),
    ],
)
def test_kinds(name: str, kind: str) -> None:
    assert kind_of(name) == kind


def _kept(run: RunDirectory, *, everything: bool = False) -> dict[str, str]:
    return {file.name: file.kind for file in collect_files(run.path, everything).files}


def _write(run: RunDirectory, *names: str) -> None:
    for name in names:
        path = run.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")


def test_views_reports_and_pictures_are_kept(run: RunDirectory) -> None:
    run.step("Magic.DRC")
    run.finish()
    _write(run, "01-magic-drc/reports/drc.magic.rpt", "01-magic-drc/top.gds", "tmp/a.log")
    _write(run, "final/lib/nom_tt/top__nom_tt.lib", "resolved.json", "summary.rpt")
    assert _kept(run) == {
        "01-magic-drc/reports/drc.magic.rpt": "drc",
        "error.log": "log",
        "final/gds/top.gds": "gds",
        "final/lib/nom_tt/top__nom_tt.lib": "lib",
        "final/metrics.json": "metrics",
        "flow.log": "log",
        "resolved.json": "config",
        "summary.rpt": "report",
        "warning.log": "log",
    }


def test_everything_on_request(run: RunDirectory) -> None:
    run.step("Magic.DRC")
    _write(run, "01-magic-drc/top.gds", "tmp/a.log")
    kept = _kept(run, everything=True)
    assert kept["01-magic-drc/top.gds"] == "gds"
    assert kept["01-magic-drc/state_out.json"] == "other"
    assert "tmp/a.log" not in kept


def test_links_are_not_kept(run: RunDirectory, tmp_path: Path) -> None:
    (tmp_path / "secret.gds").write_text("secret")
    (run.path / "final").mkdir()
    (run.path / "final" / "top.gds").symlink_to(tmp_path / "secret.gds")
    assert not any(name.startswith("final/") for name in _kept(run, everything=True))
