"""
What needs a person: an ordered list of things that somebody can do something about, each a value.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, assert_never

from service.core.account_state import AccountState
from service.core.held import HeldList
from service.core.quiet import NEVER_QUIET, QuietHours
from service.core.rejected import RejectedInput
from service.core.sources import IN_TROUBLE, SourceState, is_quiet
from service.core.state import STALE_AFTER, State
from service.core.target_state import TargetState

NeedKind = Literal["held", "room", "target", "rejected", "dispute", "zone", "open_secret", "version"]

_WRONG = frozenset({TargetState.DOWN, TargetState.FAILING})


@dataclass(frozen=True, slots=True)
class Room:
    """
    A source that sends no list, or that refuses to.
    """

    name: str
    state: SourceState
    since: datetime
    last_list_at: datetime | None = None
    place: str = ""
    """Host and port."""

    error: str = ""
    asked: bool = True
    """Whether confcal asks it; events are posted to the others."""


@dataclass(frozen=True, slots=True)
class Target:
    """
    A CalDAV target that does not hold everything.
    """

    name: str
    state: TargetState
    error: str = ""
    refused: tuple[str, ...] = ()
    """Why, of each event that the server refuses."""


@dataclass(frozen=True, slots=True)
class Disputed:
    """
    A conference that accounts keep reporting differently.
    """

    conference_id: str
    server: str
    topic: str
    counts: str
    """The account whose word counts for now, with its name where it has one."""


@dataclass(frozen=True, slots=True)
class ZoneMissing:
    """
    Weekly conferences exist, and nobody named the zone of the organization.
    """

    variable: str
    weekly: int


@dataclass(frozen=True, slots=True)
class OpenSecret:
    """
    A file or folder with secrets that every user of the machine gets at.
    """

    path: str
    holds: str
    """The settings that are in it; empty for the data folder."""


@dataclass(frozen=True, slots=True)
class VersionBehind:
    """
    A process that runs another version than one that is known here.
    """

    where: str
    """The replica; empty for the process that reports it."""

    running: str
    known: str


def find_behind(running: Mapping[str, str]) -> tuple[VersionBehind, ...]:
    """Return which of the processes in `running` runs an older version than another one of them."""
    newest = max(running.values(), key=_version_order, default="")
    return tuple(
        VersionBehind(where, version, newest)
        for where, version in running.items()
        if _version_order(version) < _version_order(newest)
    )


def _version_order(version: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in re.findall(r"\d+", version))


Need = HeldList | Room | Target | RejectedInput | Disputed | ZoneMissing | OpenSecret | VersionBehind


@dataclass(frozen=True, slots=True)
class LastList:
    """
    The last list of an account or a source, as far as it says whether rejected input is cured.
    """

    at: datetime
    good: bool = True
    """Whether it may be trusted to be whole."""

    rejected: frozenset[str] = frozenset()
    """The ids of conferences in it that could not be understood."""


@dataclass(frozen=True, slots=True)
class Facts:
    """
    What is known at one moment.
    """

    held: Sequence[HeldList] = ()
    rooms: Sequence[Room] = ()
    targets: Sequence[Target] = ()
    rejected: Sequence[RejectedInput] = ()
    disputes: Sequence[Disputed] = ()
    zones: Sequence[ZoneMissing] = ()
    open_secrets: Sequence[OpenSecret] = ()
    versions: Sequence[VersionBehind] = ()
    quiet: Mapping[str, QuietHours] = field(default_factory=dict)
    """By source."""

    last_lists: Mapping[str, LastList] = field(default_factory=dict)
    """By account."""

    last_of_sources: Mapping[str, LastList] = field(default_factory=dict)
    """By source."""


def find_last_lists(
    state: State, heard: Mapping[str, LastList]
) -> tuple[Mapping[str, LastList], Mapping[str, LastList]]:
    """
    Return the last list of each account, and that of each source.

    `heard` is by source what this process heard itself; of a list that another one heard, only its moment is
    known.
    """

    def last_of(known: AccountState, at: datetime) -> LastList:
        own = heard.get(known.source)
        return own if own and own.at >= at else LastList(at)

    by_source = state.latest_by_source()
    return (
        {str(each.account): last_of(each, each.list_at) for each in state.accounts.values() if each.list_at},
        {name: last_of(each, each.list_at) for name, each in by_source.items() if each.list_at},
    )


def find_needs(facts: Facts, now: datetime) -> tuple[Need, ...]:
    """
    Return what needs a person, the most urgent first.

    What heals by itself is no need: a held list that was decided on, a Room in its quiet hours, a target that
    tries again shortly, rejected input that a later good list no longer holds.
    """
    return tuple(sorted(_choose(facts, now), key=_order))


def _choose(facts: Facts, now: datetime) -> Iterator[Need]:
    yield from (each for each in facts.held if not each.kept)
    for room in facts.rooms:
        silent = _find_trouble(room, facts.quiet.get(room.name, NEVER_QUIET), now)
        if silent:
            yield silent
    yield from (each for each in facts.targets if each.refused or each.state in _WRONG)
    yield from (each for each in facts.rejected if not is_cured(each, facts))
    yield from facts.disputes
    yield from facts.zones
    yield from facts.open_secrets
    yield from facts.versions


def _find_trouble(room: Room, quiet: QuietHours, now: datetime) -> Room | None:
    """Return a Room as it is shown: one that listens without lists is silent since its last list."""
    if is_quiet(room.state, room.since, quiet, now):
        return None
    if room.state in IN_TROUBLE:
        return room
    heard = room.last_list_at or room.since
    if room.state is not SourceState.LISTENING or not quiet.is_overdue(heard, now, STALE_AFTER):
        return None
    return Room(room.name, SourceState.SILENT, heard, room.last_list_at, room.place, room.error, room.asked)


def is_cured(rejected: RejectedInput, facts: Facts) -> bool:
    """Return whether a good list came after rejected input, and holds nothing of the kind."""
    if not rejected.conference_id:
        last = facts.last_of_sources.get(rejected.source)
        return last is not None and last.good and last.at > rejected.last_at
    last = facts.last_lists.get(rejected.account)
    # A rejected conference without an id may be this one.
    suspects = {rejected.conference_id, ""}
    return last is not None and last.good and last.at > rejected.last_at and not suspects & last.rejected


def _order(need: Need) -> tuple[int, float, str]:  # noqa: PLR0911 -- one for each kind
    """Order by kind, then what lasts longest, then by name."""
    match need:
        case HeldList(account, since):
            return 0, since.timestamp(), account
        case Room(name, _, since):
            return 1, since.timestamp(), name
        case Target(name, state):
            return 2, float(state not in _WRONG), name
        case RejectedInput(number=number, last_at=last_at):
            return 3, -last_at.timestamp(), f"{number:012}"
        case Disputed(conference_id, server):
            return 4, 0, f"{server} {conference_id}"
        case ZoneMissing(variable):
            return 5, 0, variable
        case OpenSecret(path):
            return 6, 0, path
        case VersionBehind(where):
            return 7, 0, where
        case _ as unreachable:
            assert_never(unreachable)


def kind_of(need: Need) -> NeedKind:  # noqa: PLR0911 -- one for each kind
    """Return the word by which programs distinguish kinds of needs."""
    match need:
        case HeldList():
            return "held"
        case Room():
            return "room"
        case Target():
            return "target"
        case RejectedInput():
            return "rejected"
        case Disputed():
            return "dispute"
        case ZoneMissing():
            return "zone"
        case OpenSecret():
            return "open_secret"
        case VersionBehind():
            return "version"
        case _ as unreachable:
            assert_never(unreachable)
