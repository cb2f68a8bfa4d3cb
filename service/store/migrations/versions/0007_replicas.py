"""
Several processes on one database: leases, replicas, and versions of single accounts and conferences.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the tables, empty. What is there has version 0: it changed before anybody asks."""
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="leases_pkey"),
    )
    op.create_index("leases_by_holder", "leases", ["holder"])
    op.create_table(
        "replicas",
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("program", sa.Text(), nullable=False),
        sa.Column("rendering", sa.Text(), nullable=False),
        sa.Column("wants", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("holder", name="replicas_pkey"),
    )
    for table in ("accounts", "conferences", "feeds"):
        op.add_column(table, sa.Column("version", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index("conferences_by_version", "conferences", ["version"])
    # What a process of another version may rely on, see `service.store.schema`.
    op.execute("INSERT INTO meta (name, value) VALUES ('oldest_schema', '0007')")
    # The version up to which things left the database: whoever is older loads everything.
    op.execute("INSERT INTO meta (name, value) SELECT 'forgotten', value FROM meta WHERE name = 'version'")
