"""Which database a test with real workers runs on, where the other kind would prove nothing more.

What a database does differently (locks, times, JSON) the tests of app/jobs and app/api try on both.
Workers that share one are tried on PostgreSQL; SQLite is for a single machine.
"""

import pytest

ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
