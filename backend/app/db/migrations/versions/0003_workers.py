"""Workers, as they tell of themselves.

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

import app.db.types

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "workers",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("executor", sa.String(length=32), nullable=False),
        sa.Column("protections", sa.JSON(), nullable=False),
        sa.Column("started_at", app.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("seen_at", app.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_workers")),
    )


def downgrade() -> None:
    op.drop_table("workers")
