"""
Conferences, and the changes that lists of them make.
"""

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from service.core.account_state import Entry, Revision
from service.core.changes import Changes, Edit, RenderedVEvent
from service.core.conference import Account, Conference, Key
from service.core.schedule import Once, Schedule
from service.publishing.ports import Database

OpenStore = Callable[[], Awaitable[Database]]
"""Opens one database, again with each call."""

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=10)
HOUR = timedelta(hours=1)
SERVER = "video.example.org"
IVANOV = Account("ivanov", SERVER)
BROWN = Account("brown", SERVER)
ELSEWHERE = Account("ivanov", "other.example.org")


def conference(id_: str = "100", topic: str = "Planning", schedule: Schedule | None = None) -> Conference:
    return Conference(id=id_, topic=topic, owner="brown", schedule=schedule or Once(NOON, HOUR))


def rendered(entry: Entry, variant: str) -> RenderedVEvent:
    body = f"BEGIN:VEVENT\r\nSUMMARY:{entry.conference.topic} ({variant})\r\nEND:VEVENT\r\n"
    return RenderedVEvent(f"uid-{'-'.join(entry.key[:2])}", "Europe/Moscow", body.encode())


def edit(reported: Conference, *, server: str = SERVER, sequence: int = 0, variants: str = "feed") -> Edit:
    key = Key(server, reported.id)
    entry = Entry(key, reported, Revision(sequence, NOON), b"\x00\xff", "lobby")
    return Edit(entry, {variant: rendered(entry, variant) for variant in variants.split()})


def changes(account: Account = IVANOV, **differences: Any) -> Changes:
    return Changes(account, "lobby", differences.pop("received_at", NOON), 1, **differences)


def arrival(*conferences: Conference, account: Account = IVANOV) -> Changes:
    """The first list that tells of these conferences."""
    edits = tuple(edit(each, server=account.server) for each in conferences)
    return changes(account, edits=edits, reports=conferences)


async def record(store: Database, *several: Changes) -> int:
    version = await store.version()
    for each in several:
        version = await store.record(each, version=version)
    return version


def bodies(vevents: Iterable[RenderedVEvent]) -> str:
    return b"".join(vevent.body for vevent in vevents).decode()
