"""The jobs of a revision, for which every deletion of a job looks, and the pinned ones.

Revision: 0014, after 0013.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_jobs_revision_id", "jobs", ["revision_id"])
    op.create_index(
        "ix_jobs_pinned",
        "jobs",
        ["pinned"],
        sqlite_where=sa.text("pinned = 1"),
        postgresql_where=sa.text("pinned"),
    )


def downgrade() -> None:
    op.drop_index("ix_jobs_pinned", table_name="jobs")
    op.drop_index("ix_jobs_revision_id", table_name="jobs")
