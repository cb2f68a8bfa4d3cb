"""
The first schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables, at version 0 of the state."""
    _create_meta()
    _create_accounts()
    _create_conferences()
    _create_vevents()
    _create_memberships()
    _create_held()
    _create_feeds()
    _create_rejected()


def _create_meta() -> None:
    meta = op.create_table(
        "meta",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="meta_pkey"),
    )
    op.bulk_insert(meta, [{"name": "version", "value": "0"}, {"name": "rendering", "value": ""}])


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("list_at", sa.BigInteger(), nullable=False),
        sa.Column("list_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", name="accounts_pkey"),
    )


def _create_conferences() -> None:
    op.create_table(
        "conferences",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("revised_at", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("server", "id", name="conferences_pkey"),
    )


def _create_vevents() -> None:
    op.create_table(
        "vevents",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("tzid", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("server", "id", "variant", name="vevents_pkey"),
        sa.ForeignKeyConstraint(
            ["server", "id"], ["conferences.server", "conferences.id"], name="vevents_server_fkey"
        ),
    )


def _create_memberships() -> None:
    op.create_table(
        "memberships",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("reported", sa.LargeBinary(), nullable=True),
        sa.Column("missing_lists", sa.Integer(), nullable=True),
        sa.Column("missing_since", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account", "server", "id", name="memberships_pkey"),
        sa.ForeignKeyConstraint(["account"], ["accounts.account"], name="memberships_account_fkey"),
        sa.ForeignKeyConstraint(
            ["server", "id"], ["conferences.server", "conferences.id"], name="memberships_server_fkey"
        ),
    )
    op.create_index("memberships_by_conference", "memberships", ["server", "id"])


def _create_held() -> None:
    op.create_table(
        "held",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("lists", sa.Integer(), nullable=False),
        sa.Column("missing", sa.LargeBinary(), nullable=False),
        sa.Column("upcoming", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", name="held_pkey"),
        sa.ForeignKeyConstraint(["account"], ["accounts.account"], name="held_account_fkey"),
    )


def _create_feeds() -> None:
    op.create_table(
        "feeds",
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("calendar", name="feeds_pkey"),
    )


def _create_rejected() -> None:
    op.create_table(
        "rejected",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("conference_id", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="rejected_pkey"),
        sa.UniqueConstraint("source", "conference_id", "field", "digest", name="rejected_once"),
    )
    op.create_index("rejected_by_age", "rejected", ["last_at"])
