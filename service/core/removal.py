"""
What may leave an account's calendar. One list alone never removes anything.

No list is proof: an endpoint that lost its server, changed its user or is just starting reports an empty or
a short one. So removal has a grace over several lists, and a list that would remove much is held.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from service.core.account_state import Absence, AccountState, HeldRemoval
from service.core.conference import Conference
from service.core.schedule import Once, Unscheduled

KEEP_ENDED = timedelta(days=365)
"""How long an ended conference stays, unless the settings say otherwise."""


@dataclass(frozen=True, slots=True)
class RemovalRules:
    """
    The settings `CONFCAL_REMOVAL__...`.
    """

    missing_lists: int = 2
    """A conference is removed when this many good lists in a row lack it ..."""

    missing_for: timedelta = timedelta(minutes=15)
    """... over at least this time."""

    hold_share: float = 0.5
    """A list that lacks more than this share of the upcoming conferences ..."""

    hold_count: int = 5
    """... and more than this number of them is held; so is one that lacks all of them."""

    hold_lists: int = 3
    """A held list is applied automatically when this many lists agree ..."""

    hold_for: timedelta = timedelta(hours=1)
    """... over this time."""

    keep_ended: timedelta = KEEP_ENDED
    """How long a single conference that has ended stays after it left the lists."""


@dataclass(frozen=True, slots=True)
class Removal:
    """
    What follows from the members that a good list does not mention.
    """

    departures: frozenset[str] = frozenset()
    absences: Mapping[str, Absence | None] = field(default_factory=dict)
    """Those that changed; None where a conference is back."""

    held: HeldRemoval | None = None


def review_absences(
    known: AccountState, present: AbstractSet[str], *, now: datetime, rules: RemovalRules, good: bool
) -> Removal:
    """
    Decide about the members of an account that a list does not mention.

    `present` are the ids that the list mentions in any way. A list that is not good can end an absence, but
    it starts, prolongs and removes nothing.
    """
    back = dict.fromkeys(known.absences.keys() & present)
    if not good:
        return Removal(absences=back, held=known.held)
    absent = known.reported.keys() - present
    if not absent:
        return Removal(absences=back)
    missing = frozenset(id_ for id_ in absent if not _is_kept(known.reported[id_], now, rules))
    held = _hold(known, missing, now, rules)
    absences: dict[str, Absence | None] = dict(back)
    absences |= {id_: Absence(0, now) for id_ in absent - missing if id_ not in known.absences}
    absences |= {id_: _longer(known.absences.get(id_), now) for id_ in missing}
    if held and not _is_released(held, now, rules):
        return Removal(absences=absences, held=held)
    released = held.missing if held else frozenset()
    gone = frozenset(id_ for id_ in missing if id_ in released or _is_due(absences[id_], now, rules))
    return Removal(gone, {id_: absence for id_, absence in absences.items() if id_ not in gone})


def _hold(
    known: AccountState, missing: frozenset[str], now: datetime, rules: RemovalRules
) -> HeldRemoval | None:
    """
    Return the hold that a list without `missing` meets: a new one, the same one grown, or none.

    What somebody decided to keep stays held, however little of it is left, until a list lacks something else;
    that list is held again.
    """
    upcoming = {id_ for id_, conference in known.reported.items() if _is_upcoming(conference, now)}
    lacking = missing & upcoming
    total = len(upcoming)
    before = known.held
    kept = before is not None and before.kept
    much = len(lacking) > rules.hold_count and len(lacking) > rules.hold_share * total
    if not lacking or not (much or kept or len(lacking) == total):
        return None
    if before and _agrees(before, lacking, upcoming):
        return HeldRemoval(min(before.since, now), before.lists + 1, lacking, total, kept=kept)
    return HeldRemoval(now, 1, lacking, total)


def _agrees(before: HeldRemoval, lacking: frozenset[str], upcoming: AbstractSet[str]) -> bool:
    """Return whether a list lacks what the one before lacked; of what is kept, some may be back."""
    if before.kept:
        return lacking <= before.missing
    # Those that have ended meanwhile do not count as a difference.
    return before.missing & upcoming == lacking


def _is_released(held: HeldRemoval, now: datetime, rules: RemovalRules) -> bool:
    return not held.kept and held.lists >= rules.hold_lists and now - held.since >= rules.hold_for


def _longer(absence: Absence | None, now: datetime) -> Absence:
    # A clock that was set back must not make the wait endless.
    if absence is None or absence.lists == 0:
        return Absence(1, now)
    return Absence(absence.lists + 1, min(absence.since, now))


def _is_due(absence: Absence | None, now: datetime, rules: RemovalRules) -> bool:
    return (
        absence is not None
        and absence.lists >= rules.missing_lists
        and now - absence.since >= rules.missing_for
    )


def _is_upcoming(conference: Conference, now: datetime) -> bool:
    return not isinstance(conference.schedule, Unscheduled) and not _has_ended(conference, now)


def _is_kept(conference: Conference, now: datetime, rules: RemovalRules) -> bool:
    """Whether it has ended and stays, whatever the lists say."""
    return _has_ended(conference, now) and _end_of(conference, now) >= now - rules.keep_ended


def _has_ended(conference: Conference, now: datetime) -> bool:
    return isinstance(conference.schedule, Once) and _end_of(conference, now) <= now


def _end_of(conference: Conference, never: datetime) -> datetime:
    match conference.schedule:
        case Once(start, duration):
            return start + duration
        case _:
            return never
