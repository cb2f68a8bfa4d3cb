"""
The journal of what happened, and that a held list's conferences were kept.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table, empty: what happened before is not known."""
    op.create_table(
        "journal",
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("conference_id", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="journal_pkey"),
        sqlite_autoincrement=True,
    )
    op.add_column("held", sa.Column("kept", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("journal_by_age", "journal", ["at"])
    op.create_index("journal_by_source", "journal", ["source", "number"])
    op.create_index("journal_by_account", "journal", ["account", "number"])
    op.create_index("journal_by_conference", "journal", ["conference_id", "number"])
