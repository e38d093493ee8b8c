"""What steps used.

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_COLUMNS = {
    "cpu_seconds": sa.Float(),
    "peak_memory_bytes": sa.BigInteger(),
    "disk_bytes": sa.BigInteger(),
    "exit_code": sa.Integer(),
}


def upgrade() -> None:
    for name, kind in _COLUMNS.items():
        op.add_column("steps", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    for name in _COLUMNS:
        op.drop_column("steps", name)
