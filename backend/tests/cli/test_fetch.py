"""`./a6hub fetch`, called as a designer does."""

from pathlib import Path

import pytest
import typer
from sqlalchemy import select

from app.cli.fetch import _place
from app.jobs.context import Context
from app.models import User
from tests.api.conftest import make_login
from tests.cli.calling import cli
from tests.jobs.builds import Outcome, begin_build, end_build
from tests.servers import free_port
from tests.system.server import served


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_fetching_files(context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = make_login(context.database, "ada")
    with context.database.reading() as session:
        ada = session.scalars(select(User)).one()
    files = {"final/gds/top.gds": b"gds" * 99, "final/nl/top.rpt": b"nl"}
    job = str(end_build(context, begin_build(context, ada, []), Outcome(artifacts=files)))
    monkeypatch.setenv("A6HUB_TOKEN", token)
    with served(context.settings) as address:
        monkeypatch.setenv("A6HUB_URL", address)
        place = tmp_path / "here"
        done = cli(context.settings, "fetch", job, str(place), "--kind", "gds")
        assert done.stdout == f"1 file, 297 B: {place}\n", done.stderr
        assert [path.name for path in place.rglob("*.*")] == ["top.gds"]
        assert cli(context.settings, "fetch", job, str(place)).returncode == 0
        assert {name: (place / name).read_bytes() for name in files} == files
        refused = cli(context.settings, "fetch", job, str(place), "--kind", "lef")
        assert "has no such files; it has: gds, report." in refused.stderr
        assert refused.returncode == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_where_nobody_answers(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("A6HUB_TOKEN", "token")
    monkeypatch.setenv("A6HUB_URL", address)
    for words in (("fetch", "1"), ("build", str(Path(__file__).parent))):
        done = cli(context.settings, *words)
        assert done.stderr.startswith(f"a6hub: Nobody answers at {address}: ")
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)


def test_a_server_cannot_name_files_elsewhere(tmp_path: Path) -> None:
    for name in ("../x", "a/../../x", "/x"):
        with pytest.raises(typer.BadParameter, match="The server names a file"):
            _place(tmp_path / "here", name)
