"""
The tables. Moments are UNIX seconds in UTC; a conference is stored as `codec` writes it.

Free text is never in a text column: PostgreSQL refuses NUL characters there.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    FromClause,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
)
from sqlalchemy.sql.elements import ColumnElement

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
    }
)

meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""
`version`, which grows with every recorded change; `rendering`; `vtimezone/ZONE`, see `vtimezones`; and what
`Journal.remember` keeps.
"""

accounts = Table(
    "accounts",
    metadata,
    Column("account", Text, primary_key=True),
    Column("peer", Text, nullable=False),
    Column("server", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("list_at", BigInteger, nullable=False),
    Column("list_count", Integer, nullable=False),
    Column("version", BigInteger, nullable=False, server_default="0"),
)
"""`version` is that of the state in which the account last changed, by more than another arrival."""

conferences = Table(
    "conferences",
    metadata,
    Column("server", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("part", BigInteger, primary_key=True, autoincrement=False),
    Column("source", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("revised_at", BigInteger, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("since", BigInteger),
    Column("until", BigInteger),
    Column("ruled_from", BigInteger),
    Column("version", BigInteger, nullable=False, server_default="0"),
    Index("conferences_by_version", "version"),
)
"""
A row outlives its memberships: a conference that comes back continues its revision.

`part` is 0 for the live part, and the first start of a closed part. Its bounds are `since`, `until` and
`ruled_from`.
"""

vevents = Table(
    "vevents",
    metadata,
    Column("server", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("part", BigInteger, primary_key=True, autoincrement=False),
    Column("variant", Text, primary_key=True),
    Column("uid", Text, nullable=False),
    Column("tzid", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["server", "id", "part"], ["conferences.server", "conferences.id", "conferences.part"]
    ),
)

memberships = Table(
    "memberships",
    metadata,
    Column("account", Text, ForeignKey("accounts.account"), primary_key=True),
    Column("server", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("part", BigInteger, primary_key=True, autoincrement=False),
    Column("reported", LargeBinary),
    Column("missing_lists", Integer),
    Column("missing_since", BigInteger),
    Column("changed_at", BigInteger),
    ForeignKeyConstraint(
        ["server", "id", "part"], ["conferences.server", "conferences.id", "conferences.part"]
    ),
    Index("memberships_by_conference", "server", "id", "part"),
)
"""
`reported` is NULL where it equals `conferences.content`; `missing_*` are NULL where nothing is missing.

`changed_at` is when the account's report last changed; NULL where that is not known, and for closed parts.
"""

held = Table(
    "held",
    metadata,
    Column("account", Text, ForeignKey("accounts.account"), primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("lists", Integer, nullable=False),
    Column("missing", LargeBinary, nullable=False),
    Column("upcoming", Integer, nullable=False),
    Column("kept", Integer, nullable=False, server_default="0"),
)
"""`kept` is 1 where somebody decided that what is missing stays, else 0."""

rejected = Table(
    "rejected",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("source", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("conference_id", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("times", Integer, nullable=False),
    UniqueConstraint("source", "conference_id", "field", "digest", name="rejected_once"),
    Index("rejected_by_age", "last_at"),
)
"""The same input, rejected for the same field, is one row. `digest` is SHA-256 of `raw`."""

feeds = Table(
    "feeds",
    metadata,
    Column("calendar", Text, primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("changed_at", BigInteger),
    Column("version", BigInteger, nullable=False, server_default="0"),
)
"""`version` is that of the state whose bytes have this digest."""

targets = Table(
    "targets",
    metadata,
    Column("target", Text, primary_key=True),
    Column("identity", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("server", Text, nullable=False),
    Column("token", Text, nullable=False),
    Column("audited_at", BigInteger),
)

publications = Table(
    "publications",
    metadata,
    Column("target", Text, primary_key=True),
    Column("uid", Text, primary_key=True),
    Column("href", Text, nullable=False),
    Column("etag", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("meaning", Text, nullable=False),
    Column("intended", Text, nullable=False),
    Column("standing", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("refusals", Integer, nullable=False),
    Column("writes", Text, nullable=False),
    Column("retry_at", BigInteger),
    Index("publications_by_uid", "uid"),
)
"""What is published in which collection; `writes` are moments separated by commas."""

closed_sessions = Table(
    "closed_sessions",
    metadata,
    Column("session", Text, primary_key=True),
    Column("ends_at", BigInteger, nullable=False),
)
"""Sessions that were signed out, kept until their cookies expire. The name of a session opens nothing."""

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("leases_by_holder", "holder"),
)
"""
Who runs which part. A row stays when its lease ends, because its epoch must only grow.

`expires_at` is in milliseconds, here and in `replicas`, and only by the clock of the database.
"""

replicas = Table(
    "replicas",
    metadata,
    Column("holder", Text, primary_key=True),
    Column("program", Text, nullable=False),
    Column("rendering", Text, nullable=False),
    Column("wants", Text, nullable=False),
    Column("started_at", BigInteger),
    Column("expires_at", BigInteger, nullable=False),
)
"""The processes that run on this database, see `service.core.replicas`."""


journal = Table(
    "journal",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("event", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("server", Text, nullable=False),
    Column("conference_id", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("calendar", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index("journal_by_age", "at"),
    Index("journal_by_event", "event", "number"),
    Index("journal_by_source", "source", "number"),
    Index("journal_by_account", "account", "number"),
    Index("journal_by_conference", "conference_id", "number"),
    Index("journal_by_target", "target", "number"),
    Index("journal_by_calendar", "calendar", "number"),
    # A number is never used twice, even after all entries are deleted: followers rely on it.
    sqlite_autoincrement=True,
)
"""What happened; `content` is what may name people. Columns that do not concern an entry are empty."""

heard = Table(
    "heard",
    metadata,
    Column("source", Text, primary_key=True),
    Column("slot", BigInteger, primary_key=True, autoincrement=False),
)
"""The half hours with a list of a source, see `service.core.strip`. Without a source: confcal ran."""


conference_titles = Table(
    "conference_titles",
    metadata,
    Column("server", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("title", LargeBinary, nullable=False),
    Column("kind", Text, nullable=False),
    Column("ends_at", BigInteger),
    Index("conference_titles_in_order", "title", "server", "id"),
)
"""What conferences are ordered by; only live parts. Bytes have the same order in every database."""

conference_words = Table(
    "conference_words",
    metadata,
    Column("word", LargeBinary, primary_key=True),
    Column("server", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Index("conference_words_by_conference", "server", "id"),
)
"""What conferences are found by, see `service.core.search`: a prefix is a range of the primary key."""


def same_part(one: FromClause, other: FromClause) -> ColumnElement[bool]:
    """Return the condition that rows of two tables are about the same part of a conference."""
    return and_(one.c.server == other.c.server, one.c.id == other.c.id, one.c.part == other.c.part)


def of_key(table: Table) -> ColumnElement[bool]:
    """Return the condition that a row is about the part that `of_server`, `of_id` and `of_part` name."""
    return and_(
        table.c.server == bindparam("of_server"),
        table.c.id == bindparam("of_id"),
        table.c.part == bindparam("of_part"),
    )
