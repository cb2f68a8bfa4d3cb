"""
Conferences for the dashboard and the API: found by the database, described from the state.
"""

from datetime import datetime, timedelta
from typing import Literal, assert_never, get_args

import msgspec

from service.calendars.explain import explain
from service.core.account_state import Entry
from service.core.conference import Key
from service.core.disputes import find_disputes
from service.core.occurrences import find_next, occurrences
from service.core.placement import PlacementState
from service.core.revision import Policy
from service.core.schedule import Unscheduled
from service.core.search import ConferenceQuery, Kind, kind_of
from service.core.vevent import summary_of
from service.web.queries import AdminQueries
from service.web.schemas import PersonView, to_views

Filter = Literal["all", "upcoming", "weekly", "unscheduled", "running", "disputed", "rejected"]
FILTERS: tuple[Filter, ...] = get_args(Filter)
MOST = 200
_NEXT = 7


class ConferenceRow(msgspec.Struct, frozen=True):
    """
    One conference of a list.
    """

    id: str
    server: str
    topic: str
    owner: str
    owner_display_name: str
    kind: Kind
    next: datetime | None
    """When it meets next; null where it does not any more, or has no schedule."""


class ConferencePage(msgspec.Struct, frozen=True):
    """
    Some of the conferences, by topic.
    """

    conferences: tuple[ConferenceRow, ...]
    after: str
    """What to send as `after` for the following ones; empty at the end."""


class ExplanationView(msgspec.Struct, frozen=True):
    """
    Whether a calendar holds a conference.
    """

    calendar: str
    display_name: str
    holds: bool
    condition: str
    """The condition that it does not meet; empty where the calendar holds it."""

    text: str


class PlacementView(msgspec.Struct, frozen=True):
    """
    How the conference is doing in one collection of a target.
    """

    target: str
    calendar: str
    state: PlacementState
    reason: str
    """Why the server refuses it; empty where nothing is wrong."""


class ConferenceDetails(msgspec.Struct, frozen=True):
    """
    One conference, with the calendars that hold it and those that do not.
    """

    conference: ConferenceRow
    next: tuple[datetime, ...]
    length: timedelta | None
    """How long each meeting is; null where it has no schedule."""

    accounts: tuple[PersonView, ...]
    """The accounts that list it."""

    people: tuple[PersonView, ...]
    calendars: tuple[ExplanationView, ...]
    vevent: str
    """The VEVENT as text; empty where it has no schedule."""

    targets: tuple[PlacementView, ...] = ()


class ConferenceQueries:
    """
    Finds conferences, and describes one.
    """

    def __init__(self, queries: AdminQueries) -> None:
        self._queries = queries

    async def find(self, text: str, kind: Filter, after: str, limit: int) -> ConferencePage:
        """Return a page of the conferences that fit. Raises StoreUnavailable."""
        state, now = self._queries.state(), self._queries.now()
        wanted = await self._query(text, kind, after, limit + 1)
        keys = [k for k in await self._queries.reports.find_conferences(wanted) if k in state.entries]
        shown = keys[:limit]
        rows = tuple(self._row(state.entries[key], now) for key in shown)
        last = f"{shown[-1].server}/{shown[-1].id}" if len(keys) > limit else ""
        return ConferencePage(rows, last)

    async def _query(self, text: str, kind: Filter, after: str, limit: int) -> ConferenceQuery:
        server, _, id_ = after.partition("/")
        behind = Key(server, id_) if after else None
        state, now = self._queries.state(), self._queries.now()
        among: frozenset[Key] = frozenset()
        match kind:
            case "all":
                return ConferenceQuery(text, after=behind, limit=limit)
            case "upcoming":
                return ConferenceQuery(text, ending_after=now, after=behind, limit=limit)
            case "weekly":
                return ConferenceQuery(text, "week", after=behind, limit=limit)
            case "unscheduled":
                return ConferenceQuery(text, "none", after=behind, limit=limit)
            case "running":
                running = self._queries.reports.find_running()
                among = frozenset(Key(account.server, each.id) for account, each in running)
            case "disputed":
                among = frozenset(each.key for each in find_disputes(state, self._queries.policy, now))
            case "rejected":
                ids = {each.conference_id for each in await self._queries.reports.load_rejected()}
                among = frozenset(key for key in state.entries if not key.part and key.id in ids)
            case _ as unreachable:
                assert_never(unreachable)
        return ConferenceQuery(text, among=among, after=behind, limit=limit)

    async def describe(self, key: Key) -> ConferenceDetails | None:
        """Return one conference; None where no account lists it. Raises StoreUnavailable."""
        state, now, names = self._queries.state(), self._queries.now(), self._queries.names
        entry = state.entries.get(key)
        holders = [known.account for known in state.reporters(key)]
        if entry is None or not holders:
            return None
        schedule = entry.conference.schedule
        following = occurrences(entry, self._policy.rendering(entry.source).weekly, now)
        vevent = await self._queries.reports.read_vevent(key)
        placements = await self._queries.reports.find_placements(key, self._queries.feeds.calendars)
        dates = tuple(each.start for each, _ in zip(following, range(_NEXT), strict=False))
        calendars = (explain(each, entry, state) for each in self._queries.feeds.calendars.values())
        return ConferenceDetails(
            self._row(entry, now),
            dates,
            None if isinstance(schedule, Unscheduled) else schedule.duration,
            tuple(PersonView(each, names.find(each)) for each in sorted(map(str, holders))),
            tuple(
                PersonView(each.id, names.find(each.id, key.server)) for each in entry.conference.invitations
            ),
            tuple(
                ExplanationView(
                    e.calendar, self._name(e.calendar), e.holds, e.condition, e.describe(names.describe)
                )
                for e in calendars
            ),
            vevent,
            to_views(PlacementView, placements),
        )

    def _name(self, calendar: str) -> str:
        directory = self._queries.feeds.directory
        return directory.name_calendar(directory.calendars[calendar])

    @property
    def _policy(self) -> Policy:
        return self._queries.policy

    def _row(self, entry: Entry, now: datetime) -> ConferenceRow:
        following = find_next(entry, self._policy, now)
        conference = entry.conference
        return ConferenceRow(
            conference.id,
            entry.key.server,
            summary_of(conference),
            conference.owner,
            self._queries.names.find(conference.owner, entry.key.server),
            kind_of(conference),
            following.start if following else None,
        )
