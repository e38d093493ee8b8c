"""What workers offer, and configs that projects keep.

Revision: 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

import app.db.types

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "offers",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("seen_at", app.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_offers"),
    )
    empty = sa.text("'{}'")
    kept = sa.Column("build_config", sa.JSON(), nullable=False, server_default=empty)
    op.add_column("projects", kept)


def downgrade() -> None:
    op.drop_column("projects", "build_config")
    op.drop_table("offers")
