"""
The journal entries of a list, by pure functions of what was known and what the list changes.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from service.core.account_state import AccountState, Entry
from service.core.changes import Changes, Closing
from service.core.conference import Conference, Key
from service.core.disputes import Dispute
from service.core.journal import FieldChange, Happening, JournalEntry
from service.core.person import name_of
from service.core.schedule import Once, Schedule, Unscheduled, Weekly
from service.core.state import State


def describe_list(state: State, changes: Changes, at: datetime) -> list[JournalEntry]:
    """Return the entries of a list that arrived at `at`: how `changes` differ from `state`."""
    known, frame = state.account(changes.account), _frame(changes, at)
    entries_of_conferences = list(_describe_conferences(state, known, changes, frame))
    counts = [
        FieldChange(name, "", str(number))
        for name, number in (
            ("added", _count(entries_of_conferences, Happening.CONFERENCE_ADDED)),
            ("changed", _count(entries_of_conferences, Happening.CONFERENCE_CHANGED)),
            ("removed", _count(entries_of_conferences, Happening.CONFERENCE_REMOVED)),
            ("closed", _count(entries_of_conferences, Happening.CONFERENCE_CLOSED)),
        )
        if number
    ]
    heading = [replace(frame, fields=tuple(counts))] if counts else []
    return [*heading, *entries_of_conferences, *_describe_hold(known, changes, frame)]


def describe_approval(state: State, changes: Changes, at: datetime) -> list[JournalEntry]:
    """Return the entries of a held list that somebody applied."""
    known, frame = state.account(changes.account), _frame(changes, at)
    removed = (FieldChange("removed", "", str(len(changes.departures))),)
    approved = replace(frame, event=Happening.LIST_APPROVED, fields=removed)
    return [approved, *_describe_conferences(state, known, changes, frame)]


def describe_keeping(changes: Changes, at: datetime) -> list[JournalEntry]:
    """Return the entry of a held list whose conferences somebody decided to keep."""
    missing = len(changes.held.missing) if changes.held else 0
    kept = (FieldChange("kept", "", str(missing)),)
    return [replace(_frame(changes, at), event=Happening.LIST_KEPT, fields=kept)]


def describe_disputes(found: Iterable[Dispute], known: AbstractSet[Key], at: datetime) -> list[JournalEntry]:
    """Return the entries of disputes that began and that ended; `known` are those from before."""
    present = {dispute.key: dispute for dispute in found}
    began = [
        JournalEntry(
            _whole(at),
            Happening.DISPUTE_BEGAN,
            account=str(dispute.counts),
            server=key.server,
            conference_id=key.id,
            topic=dispute.topic,
            fields=tuple(FieldChange("reported by", "", str(report.account)) for report in dispute.reports),
        )
        for key, dispute in sorted(present.items())
        if key not in known
    ]
    ended = [
        JournalEntry(_whole(at), Happening.DISPUTE_ENDED, server=key.server, conference_id=key.id)
        for key in sorted(known - present.keys())
    ]
    return [*began, *ended]


def compare(before: Conference | None, after: Conference) -> tuple[FieldChange, ...]:
    """
    Return the fields in which two forms of a conference differ; all its fields where it is new.

    A join link may hold a secret, so only the fact that it changed is recorded.
    """
    old, new = ({} if before is None else _texts(before)), _texts(after)
    fields = [
        FieldChange(name, old.get(name, ""), new.get(name, ""))
        for name in {**old, **new}
        if old.get(name, "") != new.get(name, "")
    ]
    people = _compare_people(before, after)
    if people:
        fields.append(people)
    if before and before.url != after.url:
        fields.append(FieldChange("link"))
    return tuple(fields)


def _describe_conferences(
    state: State, known: AccountState, changes: Changes, frame: JournalEntry
) -> Iterator[JournalEntry]:
    server = changes.account.server
    for conference in changes.reports:
        if conference.id not in known.reported:
            fields = tuple(each for each in compare(None, conference) if each.name in _SCHEDULE)
            added = replace(frame, event=Happening.CONFERENCE_ADDED, fields=fields)
            yield _about(added, Key(server, conference.id), conference.topic)
    for edit in changes.edits:
        before = state.entries.get(edit.entry.key)
        fields = compare(before.conference, edit.entry.conference) if before else ()
        if fields and not edit.entry.key.part and state.reporters(edit.entry.key):
            changed = replace(frame, event=Happening.CONFERENCE_CHANGED, fields=fields)
            yield _about(changed, edit.entry.key, edit.entry.conference.topic)
    for closing in changes.closings:
        yield _about(_close(closing, frame), closing.key, closing.edit.entry.conference.topic)
    for id_ in sorted(changes.departures):
        key = Key(server, id_)
        yield _about(replace(frame, event=Happening.CONFERENCE_REMOVED), key, _topic(state.entries.get(key)))
    for key in sorted(changes.expired):
        yield _about(replace(frame, event=Happening.PART_EXPIRED), key, _topic(state.entries.get(key)))


def _describe_hold(known: AccountState, changes: Changes, frame: JournalEntry) -> Iterator[JournalEntry]:
    before, held = known.held, changes.held
    if not changes.held_changed:
        return
    if held and (before is None or before.digest != held.digest):
        numbers = (
            FieldChange("missing", "", str(len(held.missing))),
            FieldChange("upcoming", "", str(held.upcoming)),
        )
        yield replace(frame, event=Happening.LIST_HELD, fields=numbers)
    elif held is None:
        removed = (FieldChange("removed", "", str(len(changes.departures))),)
        yield replace(frame, event=Happening.LIST_RELEASED, fields=removed)


def _frame(changes: Changes, at: datetime) -> JournalEntry:
    return JournalEntry(
        _whole(at), Happening.LIST_CHANGED, source=changes.source, account=str(changes.account)
    )


def _about(entry: JournalEntry, key: Key, topic: str) -> JournalEntry:
    return replace(entry, server=key.server, conference_id=key.id, topic=topic)


def _close(closing: Closing, frame: JournalEntry) -> JournalEntry:
    entry = closing.edit.entry
    until = entry.bounds.until
    fields = [FieldChange("start", "", _moment(datetime.fromtimestamp(entry.key.part, UTC)))]
    if until:
        fields.append(FieldChange("until", "", _moment(until)))
    return replace(frame, event=Happening.CONFERENCE_CLOSED, fields=tuple(fields))


def _topic(entry: Entry | None) -> str:
    return entry.conference.topic if entry else ""


def _count(entries: Iterable[JournalEntry], event: Happening) -> int:
    return sum(1 for entry in entries if entry.event is event)


_SCHEDULE = frozenset({"schedule", "start", "duration", "days"})


def _texts(conference: Conference) -> dict[str, str]:
    return {
        "topic": conference.topic,
        **_schedule_texts(conference.schedule),
        "owner": conference.owner,
        "mode": conference.mode,
        "access": conference.access,
    }


def _schedule_texts(schedule: Schedule) -> dict[str, str]:
    match schedule:
        case Unscheduled():
            return {"schedule": "none"}
        case Once(start, duration):
            return {"schedule": "once", "start": _moment(start), "duration": _hours(duration)}
        case Weekly(start, duration, days):
            names = ",".join(day.name[:2] for day in sorted(days))
            return {
                "schedule": "week",
                "start": _moment(start),
                "duration": _hours(duration),
                "days": names,
            }


def _compare_people(before: Conference | None, after: Conference) -> FieldChange | None:
    old = {each.id: name_of(each.id, each.display_name) for each in (before.invitations if before else ())}
    new = {each.id: name_of(each.id, each.display_name) for each in after.invitations}
    gone = [name for id_, name in old.items() if new.get(id_) != name]
    come = [name for id_, name in new.items() if old.get(id_) != name]
    return FieldChange("people", ", ".join(gone), ", ".join(come)) if gone or come else None


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _hours(duration: timedelta) -> str:
    minutes, seconds = divmod(int(duration.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}" + (f":{seconds:02}" if seconds else "")


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=0)
