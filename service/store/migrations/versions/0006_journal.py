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
    _create_search()


def _create_search() -> None:
    op.create_table(
        "conference_titles",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("server", "id", name="conference_titles_pkey"),
    )
    op.create_index("conference_titles_in_order", "conference_titles", ["title", "server", "id"])
    op.create_table(
        "conference_words",
        sa.Column("word", sa.LargeBinary(), nullable=False),
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("word", "server", "id", name="conference_words_pkey"),
    )
    op.create_index("conference_words_by_conference", "conference_words", ["server", "id"])
    # The next start renders everything anew, and fills them.
    op.execute("UPDATE meta SET value = '' WHERE name = 'rendering'")
