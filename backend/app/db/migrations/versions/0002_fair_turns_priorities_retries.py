"""Fair turns between users, priorities, retries.

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

from app.db.types import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("users") as users:
        users.add_column(
            sa.Column("turn_at", UtcDateTime(), nullable=False, server_default=sa.func.now())
        )
    with op.batch_alter_table("jobs") as jobs:
        jobs.add_column(
            sa.Column("priority", sa.SmallInteger(), nullable=False, server_default="1")
        )
        jobs.add_column(sa.Column("retry_of", sa.Integer()))
        jobs.create_foreign_key(
            "fk_jobs_retry_of_jobs", "jobs", ["retry_of"], ["id"], ondelete="SET NULL"
        )
        jobs.create_index("ix_jobs_retry_of", ["retry_of"])
        jobs.create_index("ix_jobs_status_job_type_user_id", ["status", "job_type", "user_id"])
    op.drop_table("outbox")
    _create_outbox()
    op.execute(
        "INSERT INTO outbox (job_id, queue, user_id, priority, created_at) "
        "SELECT id, job_type, user_id, priority, created_at FROM jobs WHERE status = 'pending'"
    )


def downgrade() -> None:
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_index("ix_outbox_queue_user_id_published_at")
        outbox.drop_index("ix_outbox_queue_user_id_priority_job_id")
        outbox.drop_constraint("fk_outbox_user_id_users", type_="foreignkey")
        outbox.drop_column("priority")
        outbox.drop_column("user_id")
    with op.batch_alter_table("jobs") as jobs:
        jobs.drop_index("ix_jobs_status_job_type_user_id")
        jobs.drop_index("ix_jobs_retry_of")
        jobs.drop_constraint("fk_jobs_retry_of_jobs", type_="foreignkey")
        jobs.drop_column("retry_of")
        jobs.drop_column("priority")
    with op.batch_alter_table("users") as users:
        users.drop_column("turn_at")


def _create_outbox() -> None:
    """Make the table anew: what it holds follows from the jobs."""
    op.create_table(
        "outbox",
        sa.Column("job_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("queue", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("published_at", UtcDateTime()),
        sa.Column("epoch", sa.String(length=64)),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name="fk_outbox_job_id_jobs", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_outbox_user_id_users"),
        sa.PrimaryKeyConstraint("job_id", name="pk_outbox"),
    )
    place = ["queue", "user_id", "priority", "job_id"]
    op.create_index("ix_outbox_queue_user_id_priority_job_id", "outbox", place)
    sent = ["queue", "user_id", "published_at"]
    op.create_index("ix_outbox_queue_user_id_published_at", "outbox", sent)
