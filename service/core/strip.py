"""
The last 24 hours of a source or a target in half-hour slots, by pure functions of the journal.

The journal has what went wrong. That a list was accepted, and that confcal ran, is known for each half hour.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from service.core.journal import Happening, JournalEntry
from service.core.quiet import QuietHours
from service.core.sources import BY_ABSENCE, IN_TROUBLE, SourceState
from service.core.target_state import TargetState

SLOT: Final = timedelta(minutes=30)
SLOTS: Final = 48
"""How many slots a strip has; the last one is not over yet."""

CONFCAL: Final = ""
"""Stands for confcal itself among the sources: the half hours in which it ran."""

STRIP_EVENTS: Final = frozenset(
    {
        Happening.SOURCE_DOWN,
        Happening.SOURCE_QUIET,
        Happening.SOURCE_UP,
        Happening.TARGET_REFUSED,
        Happening.TARGET_PARKED,
        Happening.TARGET_RECOVERED,
    }
)
"""The entries that a strip is made of."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BROKEN: Final = frozenset({TargetState.DOWN, TargetState.FAILING})
_BEHIND: Final = frozenset({TargetState.WAITING, TargetState.INCOMPLETE})


class SlotState(StrEnum):
    """
    How a source or a target did in one slot; the later in this order, the worse.
    """

    UNKNOWN = "unknown"
    """Confcal did not run, or nothing can be said yet."""

    LISTS = "lists"
    """Lists arrived, and nothing was wrong."""

    IN_STEP = "in step"
    """The collection held what it should."""

    QUIET = "quiet"
    """No list arrived, and none was expected."""

    SILENCE = "silence"
    """No list arrived, or the source was off or had nobody logged in."""

    BEHIND = "behind"
    """Some resources waited or were refused."""

    TROUBLE = "trouble"
    """What the source said or refused must be looked at."""

    DOWN = "down"
    """Nothing could be published."""


_ORDER: Final = tuple(SlotState)


@dataclass(frozen=True, slots=True)
class Slot:
    """
    Half an hour of a strip.
    """

    start: datetime
    state: SlotState


@dataclass(frozen=True, slots=True)
class _Span:
    """A stretch of time in one state."""

    start: datetime
    end: datetime
    state: SlotState


def slot_of(moment: datetime) -> int:
    """Return the number of the half hour that a moment is in."""
    return (moment - _EPOCH) // SLOT


def start_of_strip(now: datetime) -> datetime:
    """Return when the oldest slot of a strip begins."""
    return _EPOCH + (slot_of(now) - SLOTS + 1) * SLOT


def make_source_strip(
    entries: Sequence[JournalEntry],
    *,
    heard: AbstractSet[int],
    ran: AbstractSet[int],
    state: SourceState,
    quiet: QuietHours,
    now: datetime,
) -> tuple[Slot, ...]:
    """
    Return the strip of a source, the oldest slot first.

    `entries` are its entries of `STRIP_EVENTS`, the newest first. `heard` are the slots with a list of it and
    `ran` those in which confcal ran. `state` is its present one.
    """
    quiet_spans = quiet.list_spans(start_of_strip(now), now)

    def is_quiet(start: datetime) -> bool:
        return any(begin <= start < end for begin, end in quiet_spans)

    def begin(number: int, start: datetime) -> SlotState:
        if number in heard:
            return SlotState.LISTS
        if number not in ran or number == slot_of(now):
            return SlotState.UNKNOWN
        return SlotState.QUIET if is_quiet(start) else SlotState.SILENCE

    spans = [
        _Span(start, end, SlotState.SILENCE if word in BY_ABSENCE else SlotState.TROUBLE)
        for start, end, word in _follow_states(entries, state, now)
        if word in IN_TROUBLE
    ]
    slots = _make_slots(spans, begin, _find_seen(entries, heard | ran, now), now)
    return tuple(
        Slot(slot.start, SlotState.QUIET)
        if slot.state is SlotState.SILENCE and slot_of(slot.start) not in heard and is_quiet(slot.start)
        else slot
        for slot in slots
    )


def make_target_strip(
    entries: Sequence[JournalEntry],
    *,
    ran: AbstractSet[int],
    state: TargetState,
    parked: AbstractSet[str],
    now: datetime,
) -> tuple[Slot, ...]:
    """
    Return the strip of a target, the oldest slot first.

    `parked` are the UIDs that its server refuses at present; the rest is as for `make_source_strip`.
    """
    whole = [entry for entry in entries if _is_about_whole(entry)]
    spans = [
        _Span(start, end, SlotState.DOWN)
        for start, end, word in _follow_states(whole, state, now)
        if word in _BROKEN
    ]
    spans += _follow_parked([entry for entry in entries if not _is_about_whole(entry)], parked, now)
    if state in _BEHIND:
        spans.append(_Span(now, now, SlotState.BEHIND))

    def begin(number: int, _start: datetime) -> SlotState:
        return SlotState.IN_STEP if number in ran else SlotState.UNKNOWN

    return _make_slots(spans, begin, _find_seen(entries, ran, now), now)


def _follow_states(
    entries: Sequence[JournalEntry], state: str, now: datetime
) -> Iterator[tuple[datetime, datetime, str]]:
    """Yield each stretch of the strip with the state in it, the newest first."""
    end, after = now, state
    for entry in entries:
        change = entry.fields[0] if entry.fields else None
        # The journal outranks the present state, which may be one on the way to another.
        word = change.after if change else after
        yield entry.at, end, "" if entry.event is Happening.SOURCE_QUIET else word
        end, after = entry.at, change.before if change else ""
    yield start_of_strip(now), end, after


def _follow_parked(
    entries: Sequence[JournalEntry], parked: AbstractSet[str], now: datetime
) -> Iterator[_Span]:
    """Yield the stretches in which a resource was refused."""
    ends = dict.fromkeys(parked, now)
    for entry in entries:
        uid = next((field.after for field in entry.fields if field.name == "uid"), "")
        if entry.event is Happening.TARGET_RECOVERED:
            ends[uid] = entry.at
        else:
            # Without an end it left the collection at a moment that the journal does not have.
            yield _Span(entry.at, ends.pop(uid, entry.at), SlotState.BEHIND)
    for end in ends.values():
        yield _Span(start_of_strip(now), end, SlotState.BEHIND)


def _is_about_whole(entry: JournalEntry) -> bool:
    return not entry.fields or entry.fields[0].name == "state"


def _find_seen(entries: Iterable[JournalEntry], known: AbstractSet[int], now: datetime) -> AbstractSet[int]:
    """Return the slots in which confcal ran: of the others nothing is known."""
    return known | {slot_of(entry.at) for entry in entries} | {slot_of(now)}


def _make_slots(
    spans: Iterable[_Span],
    begin: Callable[[int, datetime], SlotState],
    seen: AbstractSet[int],
    now: datetime,
) -> tuple[Slot, ...]:
    """Return the slots, each in the worst of the state that `begin` gives and those of spans in it."""
    first = start_of_strip(now)
    starts = [first + number * SLOT for number in range(SLOTS)]
    states = [begin(slot_of(start), start) for start in starts]
    for span in spans:
        low = max(0, slot_of(span.start) - slot_of(first))
        high = min(SLOTS - 1, slot_of(span.end) - slot_of(first))
        for number in range(low, high + 1):
            if slot_of(starts[number]) in seen:
                states[number] = max(states[number], span.state, key=_ORDER.index)
    return tuple(map(Slot, starts, states))
