"""Jobs that are kept or have lost their files; log-ins that failed lately.

Revision: 0011, after 0010.
"""

import sqlalchemy as sa
from alembic import op

from app.db.types import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch: SQLite can add a column without making the table anew.
    pinned = sa.Column("pinned", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("jobs", pinned)
    op.add_column("jobs", sa.Column("files_removed_at", UtcDateTime()))
    op.create_table(
        "failures",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_failures"),
    )
    op.create_index("ix_failures_until", "failures", ["until"])


def downgrade() -> None:
    op.drop_table("failures")
    op.drop_column("jobs", "files_removed_at")
    op.drop_column("jobs", "pinned")
