"""Totals of what has ended, and what attempts tell of themselves.

Revision: 0008, after 0007.
"""

import time

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

#: What has ended since the upkeep counted last is found by these.
_INDEXES = {
    "ix_jobs_ended_at": ("jobs", "ended_at"),
    "ix_attempts_started_at": ("attempts", "started_at"),
    "ix_attempts_ended_at": ("attempts", "ended_at"),
}


def upgrade() -> None:
    tallies = op.create_table(
        "tallies",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("labels", sa.String(255), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", "labels", name="pk_tallies"),
    )
    # Totals begin now: what ended before is not counted.
    begin = {"name": "counted_until", "labels": "[]", "value": time.time()}
    op.bulk_insert(tallies, [begin])
    figures = sa.Column("figures", sa.JSON(), nullable=False, server_default=sa.text("'{}'"))
    op.add_column("attempts", figures)
    for name, (table, column) in _INDEXES.items():
        op.create_index(name, table, [column])


def downgrade() -> None:
    for name, (table, _) in _INDEXES.items():
        op.drop_index(name, table)
    op.drop_column("attempts", "figures")
    op.drop_table("tallies")
