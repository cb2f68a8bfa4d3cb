"""
When what is parked is tried again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column; what is parked already is tried again at once."""
    op.add_column("publications", sa.Column("retry_at", sa.BigInteger(), nullable=True))
