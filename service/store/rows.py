"""
Rows into values and values into rows.
"""

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

from service.core.conference import Account, Conference, Key
from service.core.known import Absence, Changes, Edit, Entry, Held, Known, Revision, State
from service.core.ports import FeedRecord
from service.store.codec import decode, decode_ids, encode, encode_ids

Parameters = dict[str, Any]


class Stored(NamedTuple):
    """
    The rows of one version of the state, each a tuple in the order of its table's columns.
    """

    accounts: Sequence[Sequence[Any]]
    conferences: Sequence[Sequence[Any]]
    memberships: Sequence[Sequence[Any]]
    held: Sequence[Sequence[Any]]


@contextmanager
def collecting_later() -> Iterator[None]:
    """
    Keep the garbage collector from searching many new values again and again, all of which stay.

    100,000 conferences load in half the time.
    """
    collected = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collected:
            gc.enable()


def to_state(version: int, stored: Stored) -> State:
    """Return the state that these rows are."""
    entries = {entry.key: entry for entry in _entries(stored.conferences)}
    reported: dict[str, dict[str, Conference]] = {row[0]: {} for row in stored.accounts}
    absences: dict[str, dict[str, Absence]] = {row[0]: {} for row in stored.accounts}
    for account, server, id_, content, lists, since in stored.memberships:
        entry = entries[Key(server, id_)]
        reported[account][id_] = entry.conference if content is None else decode(content)
        if lists is not None:
            absences[account][id_] = Absence(lists, _moment(since))
    held = dict(_held(stored.held))
    known = (
        Known(Account(peer, server), reported[name], absences[name], held.get(name), _moment(list_at), source)
        for name, peer, server, source, list_at, _ in stored.accounts
    )
    return State(version, entries, {each.account: each for each in known})


def to_feed(row: Sequence[Any]) -> tuple[str, FeedRecord]:
    """Return a calendar's name and what is remembered of its feed."""
    calendar, generation, digest, changed_at = row
    return calendar, FeedRecord(generation, digest, None if changed_at is None else _moment(changed_at))


def feed_row(calendar: str, record: FeedRecord) -> Parameters:
    """Return the row of `feeds`."""
    return {
        "calendar": calendar,
        "generation": record.generation,
        "digest": record.digest,
        "changed_at": None if record.changed_at is None else _seconds(record.changed_at),
    }


def account_row(changes: Changes) -> Parameters:
    """Return the row of `accounts` after this list."""
    return {
        "account": str(changes.account),
        "peer": changes.account.peer,
        "server": changes.account.server,
        "source": changes.source,
        "list_at": _seconds(changes.received_at),
        "list_count": changes.count,
    }


def conference_row(entry: Entry) -> Parameters:
    """Return the row of `conferences`."""
    return {
        "server": entry.key.server,
        "id": entry.key.id,
        "source": entry.source,
        "content": encode(entry.conference),
        "sequence": entry.revision.sequence,
        "revised_at": _seconds(entry.revision.revised_at),
        "fingerprint": entry.fingerprint,
    }


def vevent_rows(edit: Edit) -> Iterator[Parameters]:
    """Give the rows of `vevents`, one for each variant."""
    server, id_ = edit.entry.key
    for variant, vevent in edit.vevents.items():
        yield {
            "server": server,
            "id": id_,
            "variant": variant,
            "uid": vevent.uid,
            "tzid": vevent.tzid,
            "body": vevent.body,
        }


def report_row(account: Account, conference: Conference) -> Parameters:
    """Return the row of `memberships` with the report written out, without its absence."""
    return {
        "account": str(account),
        "server": account.server,
        "id": conference.id,
        "reported": encode(conference),
    }


def absence_values(absence: Absence | None) -> Mapping[str, int | None]:
    """Return the columns of `memberships` that tell of an absence."""
    if absence is None:
        return {"missing_lists": None, "missing_since": None}
    return {"missing_lists": absence.lists, "missing_since": _seconds(absence.since)}


def held_row(account: Account, held: Held) -> Parameters:
    """Return the row of `held`."""
    return {
        "account": str(account),
        "since": _seconds(held.since),
        "lists": held.lists,
        "missing": encode_ids(held.missing),
        "upcoming": held.upcoming,
        "approved": held.approved,
    }


def _entries(rows: Iterable[Sequence[Any]]) -> Iterator[Entry]:
    for server, id_, source, content, sequence, revised_at, fingerprint in rows:
        revision = Revision(sequence, _moment(revised_at))
        yield Entry(Key(server, id_), decode(content), revision, fingerprint, source)


def _held(rows: Iterable[Sequence[Any]]) -> Iterator[tuple[str, Held]]:
    for account, since, lists, missing, upcoming, approved in rows:
        yield account, Held(_moment(since), lists, decode_ids(missing), upcoming, approved)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
