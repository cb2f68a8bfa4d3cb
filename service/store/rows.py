"""
The translation of rows into values and of values into rows.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from sys import intern
from typing import Any, NamedTuple

import msgspec
import structlog

from service.core.account_state import Absence, AccountState, Entry, HeldRemoval, Revision
from service.core.changes import Changes, Edit
from service.core.conference import Account, Conference, Key
from service.core.ports import FeedRecord
from service.core.schedule import UNBOUNDED, Bounds, Unscheduled
from service.core.shared_map import SharedMap
from service.core.state import State
from service.store.codec import decode, decode_ids, encode, encode_ids

log = structlog.get_logger()

Parameters = dict[str, Any]

_NO_MOMENTS = [None, None, None]


class StoredRows(NamedTuple):
    """
    The rows of one version of the state, each a tuple in the order of its table's columns.
    """

    accounts: Sequence[Sequence[Any]]
    conferences: Sequence[Sequence[Any]]
    memberships: Sequence[Sequence[Any]]
    held: Sequence[Sequence[Any]]


def to_entries(rows: Iterable[Sequence[Any]]) -> dict[Key, Entry]:
    """Return the entries in rows of `conferences`."""
    return {entry.key: entry for entry in _entries(rows)}


def to_state(version: int, stored: StoredRows, entries: SharedMap[Key, Entry] | None = None) -> State:
    """Return the state in these rows; `entries`, if given, stand for the rows of `conferences`."""
    known_entries = to_entries(stored.conferences) if entries is None else entries
    members = {row[0]: _Members() for row in stored.accounts}
    for account, server, id_, part, content, lists, since, changed_at in stored.memberships:
        entry = known_entries.get(Key(server, id_, part))
        if entry is None:
            # The next list reports it again.
            log.warning("store.row_damaged", conference=id_)
            continue
        of_account = members[account]
        if part:
            of_account.closed.add(entry.key)
            continue
        of_account.reported[entry.key.id] = entry.conference if content is None else _conference(id_, content)
        if lists is not None:
            of_account.absences[id_] = Absence(lists, moment_of(since))
        if changed_at is not None:
            of_account.changed_at[id_] = _share_moment(changed_at)
    held = dict(_parse_held(stored.held))
    known = (
        AccountState(
            Account(peer, server),
            members[name].reported,
            members[name].changed_at,
            frozenset(members[name].closed),
            members[name].absences,
            held.get(name),
            moment_of(list_at),
            count,
            source,
        )
        for name, peer, server, source, list_at, count, _version in stored.accounts
    )
    entries = SharedMap(known_entries) if entries is None else entries
    state = State(version, entries, SharedMap({each.account: each for each in known}))
    return state.update_contested(_find_shared(stored.memberships))


@dataclass
class _Members:
    """The rows of one account."""

    reported: dict[str, Conference] = field(default_factory=dict)
    changed_at: dict[str, datetime] = field(default_factory=dict)
    absences: dict[str, Absence] = field(default_factory=dict)
    closed: set[Key] = field(default_factory=set)


def _find_shared(memberships: Sequence[Sequence[Any]]) -> set[Key]:
    """
    Return the conferences that several accounts have and that one of them reports unlike the calendars show.
    """
    counted = Counter(Key(row[1], row[2]) for row in memberships if row[3] == 0)
    return {
        key
        for _, server, id_, part, reported, *_ in memberships
        if part == 0 and reported is not None and counted[key := Key(server, id_)] > 1
    }


@lru_cache(maxsize=4096)
def _share_moment(seconds: int) -> datetime:
    """Return a moment; the conferences of one list share one object."""
    return moment_of(seconds)


def to_feed(row: Sequence[Any]) -> tuple[str, FeedRecord]:
    """Return a calendar's name and what is remembered of its feed."""
    calendar, generation, digest, changed_at, version = row
    moment = None if changed_at is None else moment_of(changed_at)
    return calendar, FeedRecord(generation, digest, moment, version)


def feed_row(calendar: str, record: FeedRecord) -> Parameters:
    """Return the row of `feeds`."""
    return {
        "calendar": calendar,
        "generation": record.generation,
        "digest": record.digest,
        "changed_at": None if record.changed_at is None else seconds_of(record.changed_at),
        "version": record.version,
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
        "part": entry.key.part,
        "source": entry.source,
        "content": encode(entry.conference),
        "sequence": entry.revision.sequence,
        "revised_at": seconds_of(entry.revision.revised_at),
        "fingerprint": entry.fingerprint,
        "since": _seconds(entry.bounds.since),
        "until": _seconds(entry.bounds.until),
        "ruled_from": _seconds(entry.bounds.ruled_from),
    }


def vevent_rows(edit: Edit) -> Iterator[Parameters]:
    """Give the rows of `vevents`, one for each variant."""
    server, id_, part = edit.entry.key
    for variant, vevent in edit.vevents.items():
        yield {
            "server": server,
            "id": id_,
            "part": part,
            "variant": variant,
            "uid": vevent.uid,
            "tzid": vevent.tzid,
            "body": vevent.body,
        }


def report_row(account: Account, conference: Conference) -> Parameters:
    """Return the row of `memberships` with the whole report and without its absence."""
    return {**member_row(account, Key(account.server, conference.id)), "reported": encode(conference)}


def member_row(account: Account, key: Key) -> Parameters:
    """Return the key of a row of `memberships`: whose calendar holds which part of a conference."""
    return {"account": str(account), "server": key.server, "id": key.id, "part": key.part}


def absence_values(absence: Absence | None) -> Mapping[str, int | None]:
    """Return the columns of `memberships` that describe an absence."""
    if absence is None:
        return {"missing_lists": None, "missing_since": None}
    return {"missing_lists": absence.lists, "missing_since": seconds_of(absence.since)}


def to_held_row(account: Account, held: HeldRemoval) -> Parameters:
    """Return the row of `held`."""
    return {
        "account": str(account),
        "since": seconds_of(held.since),
        "lists": held.lists,
        "missing": encode_ids(held.missing),
        "upcoming": held.upcoming,
        "kept": int(held.kept),
    }


def _entries(rows: Iterable[Sequence[Any]]) -> Iterator[Entry]:
    for server, id_, part, source, content, sequence, revised_at, fingerprint, *moments, _version in rows:
        revision = Revision(sequence, _share_moment(revised_at))
        bounds = UNBOUNDED
        if moments != _NO_MOMENTS:
            bounds = Bounds(*(None if moment is None else moment_of(moment) for moment in moments))
        key = Key(intern(server), id_, part)
        yield Entry(key, _conference(id_, content), revision, fingerprint, intern(source), bounds)


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else seconds_of(moment)


def _conference(id_: str, content: bytes) -> Conference:
    """
    Return the stored conference; for a damaged row, one that differs from what the next list reports.

    Its VEVENT, its revision and its place in the calendars are in other columns and stay as they are.
    """
    try:
        return decode(content)
    except (ValueError, TypeError, IndexError):
        log.warning("store.row_damaged", conference=id_)
        return Conference(id_, "", "", Unscheduled())


def _parse_held(rows: Iterable[Sequence[Any]]) -> Iterator[tuple[str, HeldRemoval]]:
    for account, since, lists, missing, upcoming, kept in rows:
        try:
            yield account, HeldRemoval(moment_of(since), lists, decode_ids(missing), upcoming, bool(kept))
        except (ValueError, TypeError):
            # The next list that lacks as much is held again.
            log.warning("store.row_damaged", held=account)


def seconds_of(moment: datetime) -> int:
    """Return a moment as the tables hold it."""
    return int(moment.timestamp())


def moment_of(seconds: int) -> datetime:
    """Return what the tables hold as a moment in UTC. Raises msgspec.DecodeError where the row is damaged."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, TypeError, OverflowError) as error:
        raise msgspec.DecodeError(f"{seconds!r} is not a moment") from error
