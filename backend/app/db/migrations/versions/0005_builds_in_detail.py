"""Steps in detail, what builds found, and kept steps to go on from.

Revision: 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_EMPTY = sa.text("'{}'")
_OF_STEPS = (
    lambda: sa.Column("folder", sa.String(255), nullable=True),
    lambda: sa.Column("warning_count", sa.Integer(), nullable=False, server_default="0"),
    lambda: sa.Column("error_count", sa.Integer(), nullable=False, server_default="0"),
    lambda: sa.Column("notes", sa.JSON(), nullable=False, server_default=_EMPTY),
    lambda: sa.Column("metric_changes", sa.JSON(), nullable=False, server_default=_EMPTY),
)
_CONTINUES = "fk_jobs_continues_jobs"


def upgrade() -> None:
    for column in _OF_STEPS:
        op.add_column("steps", column())
    op.add_column("attempts", sa.Column("tools", sa.String(255), nullable=True))
    with op.batch_alter_table("jobs") as jobs:
        jobs.add_column(sa.Column("continues", sa.Integer(), nullable=True))
        jobs.add_column(sa.Column("details", sa.JSON(), nullable=False, server_default=_EMPTY))
        jobs.create_foreign_key(_CONTINUES, "jobs", ["continues"], ["id"], ondelete="SET NULL")
        jobs.create_index("ix_jobs_continues", ["continues"])
    op.create_table(
        "kept_steps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(255), nullable=False),
        sa.Column("folder", sa.String(255), nullable=False),
        sa.Column("tree_digest", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name="fk_kept_steps_job_id_jobs", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_kept_steps"),
        sa.UniqueConstraint(
            "job_id", "attempt", "folder", name="uq_kept_steps_job_id_attempt_folder"
        ),
    )


def downgrade() -> None:
    op.drop_table("kept_steps")
    with op.batch_alter_table("jobs") as jobs:
        jobs.drop_index("ix_jobs_continues")
        jobs.drop_constraint(_CONTINUES, type_="foreignkey")
        jobs.drop_column("details")
        jobs.drop_column("continues")
    op.drop_column("attempts", "tools")
    for name in ("metric_changes", "notes", "error_count", "warning_count", "folder"):
        op.drop_column("steps", name)
