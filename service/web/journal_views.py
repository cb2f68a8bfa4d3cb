"""
The journal for the dashboard and the API: parsing a query, and the form of the entries.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import msgspec
from msgspec import structs

from service.calendars.names import Names
from service.core.errors import ConfcalError
from service.core.journal import Happening, JournalEntry, JournalQuery
from service.web.schemas import to_views

MOST = 400
USUAL = 100
LONGEST = 400
"""How many characters a filter may have."""

GREATEST = 10**18 - 1
"""The greatest number of an entry that may be asked for."""

_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_FIRST_YEAR, _LAST_YEAR = 1970, 9000


class JournalQueryRefused(ConfcalError):
    """
    A parameter of a query cannot be used.
    """

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


class FieldChangeView(msgspec.Struct, frozen=True):
    """
    One field of what an entry is about, before and after.
    """

    name: str
    before: str
    after: str


class JournalEntryView(msgspec.Struct, frozen=True):
    """
    One thing that happened. What does not concern it is empty.
    """

    number: int
    at: datetime
    event: Happening
    source: str
    account: str
    server: str
    conference_id: str = msgspec.field(name="conference")

    target: str
    calendar: str
    topic: str
    fields: tuple[FieldChangeView, ...]
    note: str
    display_name: str = ""
    """What the account is called; its ID where no conference names it."""


class JournalPage(msgspec.Struct, frozen=True):
    """
    Some of the entries, the newest first.
    """

    entries: tuple[JournalEntryView, ...]
    before: int | None
    """What to send as `before` for the following ones; null at the end."""


def parse_query(given: Mapping[str, str]) -> JournalQuery:
    """Return the query of these parameters; empty ones do not restrict it. Raises JournalQueryRefused."""
    limit = _number("limit", given.get("limit", ""))
    if limit is not None and limit > MOST:
        raise JournalQueryRefused("limit", f"Send a limit from 1 to {MOST}.")
    for name, value in given.items():
        if len(value) > LONGEST or "\0" in value:
            raise JournalQueryRefused(name, f"Send at most {LONGEST} characters, and no NUL.")
    return JournalQuery(
        events=_events(given.get("event", "")),
        source=given.get("source", ""),
        account=given.get("account", ""),
        server=given.get("server", ""),
        conference_id=given.get("conference", ""),
        target=given.get("target", ""),
        calendar=given.get("calendar", ""),
        since=_moment("since", given.get("since", "")),
        until=_moment("until", given.get("until", "")),
        before=_number("before", given.get("before", "")),
        limit=limit or USUAL,
    )


def to_page(entries: list[JournalEntry], limit: int, names: Names) -> JournalPage:
    """Return a page of at most `limit` entries, made of one more than that where there are more."""
    shown = entries[:limit]
    more = len(entries) > limit
    return JournalPage(view_entries(shown, names), shown[-1].number if more else None)


def view_entries(entries: Iterable[JournalEntry], names: Names) -> tuple[JournalEntryView, ...]:
    """Return entries in the form of the API and the pages."""
    views = to_views(JournalEntryView, entries)
    return tuple(structs.replace(each, display_name=names.find(each.account)) for each in views)


def _events(text: str) -> frozenset[Happening]:
    try:
        return frozenset({Happening(text)}) if text else frozenset()
    except ValueError:
        raise JournalQueryRefused("event", "Send the name of an event, like list_held.") from None


def _moment(name: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        # A plus sign in an address that was not quoted arrives as a blank.
        moment = datetime.fromisoformat(text.upper().replace(" ", "+"))
    except ValueError:
        raise JournalQueryRefused(name, "Send a moment like 2026-11-26T14:00:00Z.") from None
    if not _FIRST_YEAR < moment.year < _LAST_YEAR:
        # Nothing happened before or after, and no zone can move it out of what a date can be.
        return moment.replace(year=min(max(moment.year, _FIRST_YEAR), _LAST_YEAR), month=1, day=1, tzinfo=UTC)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _number(name: str, text: str) -> int | None:
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise JournalQueryRefused(name, "Send a whole number from 1 up.")
    return int(text)
