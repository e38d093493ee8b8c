"""`./a6hub users`, as it is called."""

import pytest

from app.jobs.context import Context
from tests.cli.calling import cli

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PASSWORD = "correct horse battery"


def test_from_the_first_day_to_the_last(context: Context) -> None:
    for words, typed, said in (
        (["add", "boss", "--admin"], PASSWORD, "boss can log in."),
        (["add", "ada"], f"{PASSWORD}\r\n", "ada can log in."),
        (["admin", "ada"], "", "ada is an administrator."),
        (["admin", "ada", "--undo"], "", "ada is a plain user."),
        (["password", "ada"], "staple staple staple\n", "ada has a new password."),
        (["lock", "ada"], "", "ada cannot log in."),
    ):
        done = cli(context.settings, "users", *words, typed=typed)
        assert (done.returncode, done.stdout, done.stderr) == (0, f"{said}\n", "")
    lines = cli(context.settings, "users", "list").stdout.splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["user", "rights", "state"],
        ["ada", "user", "locked"],
        ["boss", "administrator", "active"],
    ]


def test_what_is_wrong_is_said(context: Context) -> None:
    done = cli(context.settings, "users", "add", "ada", typed="short\n")
    assert (done.returncode, done.stderr) == (1, "password: 12 to 1024 characters\n")
