"""What jobs need of a worker, and what workers have.

Revision: 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_OLD, _NEW = (
    "ix_outbox_queue_user_id_priority_job_id",
    "ix_outbox_queue_needs_user_id_priority_job_id",
)
_PLACE = ["user_id", "priority", "job_id"]


def upgrade() -> None:
    for table in ("jobs", "outbox"):
        op.add_column(table, sa.Column("needs", sa.String(500), nullable=False, server_default=""))
    op.add_column("workers", sa.Column("abilities", sa.JSON(), nullable=True))
    op.create_index(_NEW, "outbox", ["queue", "needs", *_PLACE])
    op.drop_index(_OLD, table_name="outbox")


def downgrade() -> None:
    op.create_index(_OLD, "outbox", ["queue", *_PLACE])
    op.drop_index(_NEW, table_name="outbox")
    op.drop_column("workers", "abilities")
    for table in ("outbox", "jobs"):
        op.drop_column(table, "needs")
