"""
Rows into values and values into rows.
"""

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
import structlog

from service.core.conference import Account, Conference, Key
from service.core.known import Absence, Changes, Edit, Entry, Held, Known, Revision, State
from service.core.ports import FeedRecord
from service.core.schedule import Unscheduled
from service.store.codec import decode, decode_ids, encode, encode_ids

log = structlog.get_logger()

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
        entry = entries.get(Key(server, id_))
        if entry is None:
            # The next list reports it anew.
            log.warning("store.row_damaged", conference=id_)
            continue
        reported[account][id_] = entry.conference if content is None else _conference(id_, content)
        if lists is not None:
            absences[account][id_] = Absence(lists, moment_of(since))
    held = dict(_held(stored.held))
    known = (
        Known(
            Account(peer, server),
            reported[name],
            absences[name],
            held.get(name),
            moment_of(list_at),
            count,
            source,
        )
        for name, peer, server, source, list_at, count in stored.accounts
    )
    return State(version, entries, {each.account: each for each in known})


def to_feed(row: Sequence[Any]) -> tuple[str, FeedRecord]:
    """Return a calendar's name and what is remembered of its feed."""
    calendar, generation, digest, changed_at = row
    return calendar, FeedRecord(generation, digest, None if changed_at is None else moment_of(changed_at))


def feed_row(calendar: str, record: FeedRecord) -> Parameters:
    """Return the row of `feeds`."""
    return {
        "calendar": calendar,
        "generation": record.generation,
        "digest": record.digest,
        "changed_at": None if record.changed_at is None else seconds_of(record.changed_at),
    }


def account_row(changes: Changes) -> Parameters:
    """Return the row of `accounts` after this list."""
    return {
        "account": str(changes.account),
        "peer": changes.account.peer,
        "server": changes.account.server,
        "source": changes.source,
        "list_at": seconds_of(changes.received_at),
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
        "revised_at": seconds_of(entry.revision.revised_at),
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
    return {"missing_lists": absence.lists, "missing_since": seconds_of(absence.since)}


def held_row(account: Account, held: Held) -> Parameters:
    """Return the row of `held`."""
    return {
        "account": str(account),
        "since": seconds_of(held.since),
        "lists": held.lists,
        "missing": encode_ids(held.missing),
        "upcoming": held.upcoming,
    }


def _entries(rows: Iterable[Sequence[Any]]) -> Iterator[Entry]:
    for server, id_, source, content, sequence, revised_at, fingerprint in rows:
        revision = Revision(sequence, moment_of(revised_at))
        yield Entry(Key(server, id_), _conference(id_, content), revision, fingerprint, source)


def _conference(id_: str, content: bytes) -> Conference:
    """
    Return the stored conference; where the row is damaged, one that the next list will find different.

    Its VEVENT, its revision and its place in the calendars are in other columns and stay as they are.
    """
    try:
        return decode(content)
    except (ValueError, TypeError, IndexError):
        log.warning("store.row_damaged", conference=id_)
        return Conference(id_, "", "", Unscheduled())


def _held(rows: Iterable[Sequence[Any]]) -> Iterator[tuple[str, Held]]:
    for account, since, lists, missing, upcoming in rows:
        try:
            yield account, Held(moment_of(since), lists, decode_ids(missing), upcoming)
        except (ValueError, TypeError):
            # The next list that lacks as much is held anew.
            log.warning("store.row_damaged", held=account)


def seconds_of(moment: datetime) -> int:
    """Return a moment as the tables hold it."""
    return int(moment.timestamp())


def moment_of(seconds: int) -> datetime:
    """Return what the tables hold as a moment in UTC. Raises msgspec.DecodeError where the row is damaged."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, TypeError, OverflowError) as error:
        raise msgspec.DecodeError(f"{seconds!r} is no moment") from error
