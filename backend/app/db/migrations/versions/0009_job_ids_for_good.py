"""The id of a deleted job is never another's: logs in the store are named by it.

PostgreSQL never gave one twice. SQLite gave that of the last job again when it was deleted.
(A later batch_alter_table of jobs has to give the same table_kwargs.)

Revision: 0009, after 0008.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _make_anew(for_good=True)


def downgrade() -> None:
    _make_anew(for_good=False)


def _make_anew(*, for_good: bool) -> None:
    if op.get_bind().dialect.name == "sqlite":
        options = {"sqlite_autoincrement": for_good}
        with op.batch_alter_table("jobs", recreate="always", table_kwargs=options):
            pass
