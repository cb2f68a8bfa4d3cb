"""
In which half hours a source was heard; indexes for each filter of the journal, and for one resource.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the table, empty: when lists came is not known. Programs of schema 0007 can do without it."""
    op.create_table(
        "heard",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "slot", name="heard_pkey"),
    )
    for name in ("event", "target", "calendar"):
        op.create_index(f"journal_by_{name}", "journal", [name, "number"])
    op.create_index("publications_by_uid", "publications", ["uid"])
