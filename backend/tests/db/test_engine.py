"""Connections to a server: one that vanishes without a word is noticed."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import make_url

from app.db.engine import Database
from tests.servers import PostgreSQL

pytestmark = pytest.mark.system


@contextmanager
def parameters(url: str) -> Iterator[dict[str, str]]:
    """What libpq was given for a connection to there."""
    database = Database(url)
    with database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        yield driver.info.get_parameters()
    database.close()


def test_neither_connecting_nor_waiting_goes_on_for_ever(postgresql: PostgreSQL) -> None:
    with parameters(postgresql.at("postgres")) as given:
        assert (given["connect_timeout"], given["tcp_user_timeout"]) == ("10", "25000")
        assert [given[f"keepalives_{name}"] for name in ("idle", "interval", "count")] == [
            *("10", "5", "3")
        ]


def test_what_the_address_says_goes_first(postgresql: PostgreSQL) -> None:
    own = {"connect_timeout": "3", "tcp_user_timeout": "0"}
    url = make_url(postgresql.at("postgres")).update_query_dict(own)
    with parameters(url.render_as_string(hide_password=False)) as given:
        assert (given["connect_timeout"], given["tcp_user_timeout"]) == ("3", "0")
        assert given["keepalives_idle"] == "10"
