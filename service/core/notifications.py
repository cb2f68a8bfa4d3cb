"""
Which messages people get about the troubles in the journal.

A trouble is announced once when it begins and once when it ends. One that is over soon is not announced.
All functions are pure: they take the journal's entries and the time, and return the messages in the state.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from service.core.journal import Happening, JournalEntry
from service.core.quiet import QuietHours

MOST_WAITING = 100
"""How many messages wait for a channel that does not work; the oldest go."""


class NotifyEvent(StrEnum):
    """
    The events that a channel can report. The value is the word of the settings.
    """

    ROOM_SILENT = "room_silent"
    """No list comes from a source: it is silent, unreachable, refuses the PIN, or nobody is logged in."""

    HELD = "held"
    """A list that would remove much is held."""

    TARGET_INCOMPLETE = "target_incomplete"
    """A target refuses what is published, or some resources of it."""

    DISPUTE = "dispute"
    """Accounts report one conference differently."""

    LOGIN_CHANGED = "login_changed"
    LINK_ROTATED = "link_rotated"
    VERSION_CHANGED = "version_changed"


DEFAULT_EVENTS = frozenset(
    {NotifyEvent.ROOM_SILENT, NotifyEvent.HELD, NotifyEvent.TARGET_INCOMPLETE, NotifyEvent.DISPUTE}
)
"""The troubles that need a person."""


class Phase(StrEnum):
    """
    Which part of a trouble a message is about.
    """

    BEGAN = "began"
    ENDED = "ended"
    HAPPENED = "happened"
    """It has no duration."""

    DIGEST = "digest"
    """What happened in a day."""


@dataclass(frozen=True, slots=True)
class Message:
    """
    One message, without a language.
    """

    phase: Phase
    event: NotifyEvent | None
    """None for a digest."""

    subject: str
    """The source, account, target, calendar or conference that it is about."""

    since: datetime
    at: datetime
    detail: str = ""
    """What the entry says: the state of a source, the reason of a target."""

    numbers: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trouble:
    """
    A trouble that has begun.
    """

    event: NotifyEvent
    message: Message
    causes: frozenset[str]
    """What keeps it open: a target is complete only when its last resource is published."""

    announced: bool = False
    """Whether the message of its beginning is in the outbox, or was sent."""


@dataclass(frozen=True, slots=True)
class NotifyState:
    """
    What a channel has to remember.
    """

    position: int = 0
    """The number of the last journal entry that was looked at."""

    troubles: Mapping[str, Trouble] = field(default_factory=dict)
    outbox: tuple[Message, ...] = ()
    """What is to be sent, the oldest first."""

    dropped: int = 0
    """How many messages of the outbox were given up because a channel did not work for long."""

    sending: bool = False
    """Whether the outbox was being sent: after a crash it is not known whether it arrived."""

    digest_on: date | None = None
    """The day of the last digest, in the zone of the rules."""


@dataclass(frozen=True, slots=True)
class NotifyRules:
    """
    Which events a channel reports, and when.
    """

    events: frozenset[NotifyEvent] = DEFAULT_EVENTS
    after: timedelta = timedelta(minutes=5)
    """A trouble that ends before then is not reported."""

    quiet: Mapping[str, QuietHours] = field(default_factory=dict)
    """By source. Silence that begins in its quiet hours is announced after them, if it lasts."""

    digest: time | None = None
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))


@dataclass(frozen=True, slots=True)
class _Occurrence:
    phase: Phase
    event: NotifyEvent
    subject: str
    cause: str = ""
    detail: str = ""


def follow(state: NotifyState, entries: Iterable[JournalEntry], rules: NotifyRules) -> NotifyState:
    """Return the state after these entries, which come after `state.position`, the oldest first."""
    for entry in entries:
        state = replace(state, position=max(state.position, entry.number))
        occurrence = _occurrence_of(entry)
        if occurrence and occurrence.event in rules.events:
            state = _apply(state, occurrence, entry)
    return state


def advance(state: NotifyState, rules: NotifyRules, now: datetime) -> NotifyState:
    """Return the state with the messages in its outbox that are due at `now`."""
    for key, trouble in state.troubles.items():
        if not trouble.announced and (due := _due(trouble, rules)) and due <= now:
            announced = {**state.troubles, key: replace(trouble, announced=True)}
            state = put(replace(state, troubles=announced), replace(trouble.message, at=now))
    return state


def next_due(state: NotifyState, rules: NotifyRules) -> datetime | None:
    """Return when `advance` has something to do, if nothing happens before; None for never."""
    waiting = (_due(each, rules) for each in state.troubles.values() if not each.announced)
    return min(filter(None, waiting), default=None)


def _due(trouble: Trouble, rules: NotifyRules) -> datetime | None:
    quiet = rules.quiet.get(trouble.message.subject) if trouble.event is NotifyEvent.ROOM_SILENT else None
    since = trouble.message.since
    return quiet.find_alarm(since, rules.after) if quiet else since + rules.after


def begin(position: int, rules: NotifyRules, now: datetime) -> NotifyState:
    """Return the state of a new channel, which reports events from now on."""
    local = now.astimezone(rules.zone)
    passed = rules.digest is not None and local.time() >= rules.digest
    return NotifyState(position, digest_on=local.date() if passed else local.date() - timedelta(days=1))


def recover(state: NotifyState, names: Mapping[NotifyEvent, AbstractSet[str]]) -> NotifyState:
    """
    Return the state as a new process goes on with it.

    What was being sent when the last process was killed is dropped: it may have arrived, and no message is
    sent twice. Troubles of subjects that the settings no longer name end silently; `names` are the
    named subjects, by event.
    """
    troubles = {
        key: each
        for key, each in state.troubles.items()
        if (known := names.get(each.event)) is None or each.message.subject in known
    }
    state = replace(state, troubles=troubles)
    return note_sent(state) if state.sending else state


def note_sent(state: NotifyState) -> NotifyState:
    """Return the state after its whole outbox was sent."""
    return replace(state, outbox=(), dropped=0, sending=False)


def _apply(state: NotifyState, occurrence: _Occurrence, entry: JournalEntry) -> NotifyState:
    numbers = {each.name: int(each.after) for each in entry.fields if each.after.isdecimal()}
    message = Message(
        occurrence.phase, occurrence.event, occurrence.subject, entry.at, entry.at, occurrence.detail, numbers
    )
    key = f"{occurrence.event} {occurrence.subject}"
    trouble = state.troubles.get(key)
    match occurrence.phase:
        case Phase.BEGAN:
            causes = frozenset({occurrence.cause})
            begun = (
                replace(trouble, causes=trouble.causes | causes)
                if trouble
                else Trouble(occurrence.event, message, causes)
            )
            return replace(state, troubles={**state.troubles, key: begun})
        case Phase.ENDED:
            return _end(state, key, occurrence.cause, entry.at) if trouble else state
        case Phase.HAPPENED | Phase.DIGEST:
            return put(state, message)


def _end(state: NotifyState, key: str, cause: str, at: datetime) -> NotifyState:
    trouble = state.troubles[key]
    if left := trouble.causes - {cause}:
        return replace(state, troubles={**state.troubles, key: replace(trouble, causes=left)})
    others = {name: each for name, each in state.troubles.items() if name != key}
    state = replace(state, troubles=others)
    ended = replace(trouble.message, phase=Phase.ENDED, at=at)
    return put(state, ended) if trouble.announced else state


def put(state: NotifyState, message: Message) -> NotifyState:
    """Return the state with another message in its outbox."""
    outbox = (*state.outbox, message)
    dropped = max(0, len(outbox) - MOST_WAITING)
    return replace(state, outbox=outbox[dropped:], dropped=state.dropped + dropped)


_PHASES: Final[Mapping[Happening, tuple[Phase, NotifyEvent]]] = {
    Happening.SOURCE_DOWN: (Phase.BEGAN, NotifyEvent.ROOM_SILENT),
    Happening.SOURCE_UP: (Phase.ENDED, NotifyEvent.ROOM_SILENT),
    Happening.LIST_HELD: (Phase.BEGAN, NotifyEvent.HELD),
    Happening.LIST_KEPT: (Phase.ENDED, NotifyEvent.HELD),
    Happening.LIST_APPROVED: (Phase.ENDED, NotifyEvent.HELD),
    Happening.LIST_RELEASED: (Phase.ENDED, NotifyEvent.HELD),
    Happening.TARGET_REFUSED: (Phase.BEGAN, NotifyEvent.TARGET_INCOMPLETE),
    Happening.TARGET_PARKED: (Phase.BEGAN, NotifyEvent.TARGET_INCOMPLETE),
    Happening.TARGET_RECOVERED: (Phase.ENDED, NotifyEvent.TARGET_INCOMPLETE),
    Happening.DISPUTE_BEGAN: (Phase.BEGAN, NotifyEvent.DISPUTE),
    Happening.DISPUTE_ENDED: (Phase.ENDED, NotifyEvent.DISPUTE),
    Happening.LOGIN_CHANGED: (Phase.HAPPENED, NotifyEvent.LOGIN_CHANGED),
    Happening.LINK_ROTATED: (Phase.HAPPENED, NotifyEvent.LINK_ROTATED),
    Happening.VERSION_CHANGED: (Phase.HAPPENED, NotifyEvent.VERSION_CHANGED),
}


def _occurrence_of(entry: JournalEntry) -> _Occurrence | None:
    if entry.event not in _PHASES:
        return None
    phase, event = _PHASES[entry.event]
    subject = cause = detail = ""
    match event:
        case NotifyEvent.ROOM_SILENT:
            subject, detail = entry.source, _value(entry, "state")
        case NotifyEvent.HELD:
            subject = entry.account
        case NotifyEvent.TARGET_INCOMPLETE:
            subject, cause, detail = entry.target, _value(entry, "uid"), entry.note
        case NotifyEvent.DISPUTE:
            subject = f"{entry.conference_id} ({entry.server})"
        case NotifyEvent.LOGIN_CHANGED:
            subject, detail = entry.source, entry.account
        case NotifyEvent.LINK_ROTATED:
            subject = entry.calendar
        case NotifyEvent.VERSION_CHANGED:
            subject = _value(entry, "version")
    return _Occurrence(phase, event, subject, cause, detail)


def _value(entry: JournalEntry, name: str) -> str:
    return next((each.after for each in entry.fields if each.name == name), "")
