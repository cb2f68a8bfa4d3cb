"""
Closed parts of conferences, the bounds of what is shown, and when an account's report last changed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_COPIED = {
    "conferences": ("server", "id", "source", "content", "sequence", "revised_at", "fingerprint"),
    "vevents": ("server", "id", "variant", "uid", "tzid", "body"),
    "memberships": ("account", "server", "id", "reported", "missing_lists", "missing_since"),
}


def upgrade() -> None:
    """
    Make the tables anew with `part` in their keys, and fill them with what there was: all of it is live.

    Neither SQLite nor a foreign key lets a primary key grow in place.
    """
    for table in ("memberships", "vevents", "conferences"):
        op.execute(f"CREATE TABLE {table}_before AS SELECT * FROM {table}")  # noqa: S608 -- a name of ours
        op.drop_table(table)
    _create_conferences()
    _create_vevents()
    _create_memberships()
    for table, columns in _COPIED.items():
        named = ", ".join(columns)
        op.execute(f"INSERT INTO {table} (part, {named}) SELECT 0, {named} FROM {table}_before")  # noqa: S608 -- likewise
        op.drop_table(f"{table}_before")
    op.create_index("memberships_by_conference", "memberships", ["server", "id", "part"])


def _create_conferences() -> None:
    op.create_table(
        "conferences",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("part", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("revised_at", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("ruled_from", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("server", "id", "part", name="conferences_pkey"),
    )


def _create_vevents() -> None:
    op.create_table(
        "vevents",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("part", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("tzid", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("server", "id", "part", "variant", name="vevents_pkey"),
        sa.ForeignKeyConstraint(
            ["server", "id", "part"],
            ["conferences.server", "conferences.id", "conferences.part"],
            name="vevents_server_fkey",
        ),
    )


def _create_memberships() -> None:
    op.create_table(
        "memberships",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("part", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("reported", sa.LargeBinary(), nullable=True),
        sa.Column("missing_lists", sa.Integer(), nullable=True),
        sa.Column("missing_since", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account", "server", "id", "part", name="memberships_pkey"),
        sa.ForeignKeyConstraint(["account"], ["accounts.account"], name="memberships_account_fkey"),
        sa.ForeignKeyConstraint(
            ["server", "id", "part"],
            ["conferences.server", "conferences.id", "conferences.part"],
            name="memberships_server_fkey",
        ),
    )
