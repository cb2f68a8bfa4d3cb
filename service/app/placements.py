"""
How one conference is doing in every collection, from the ledger.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from service.app.calendar_collections import PATTERNS, extras_in
from service.app.targets import extras_of
from service.calendars.calendar import Calendar
from service.calendars.explain import explain
from service.core.account_state import Entry
from service.core.errors import SettingsError
from service.core.placement import Placement, PlacementState
from service.core.state import State
from service.core.vevent import uid_of
from service.publishing.placement import place
from service.publishing.ports import Database
from service.publishing.resource import Extras, resource_of
from service.settings.targets import TargetSettings


@dataclass(frozen=True, slots=True)
class Placements:
    """
    Looks at the targets of the settings and at the calendars there are.
    """

    targets: Mapping[str, TargetSettings]
    calendars: Mapping[str, Calendar]
    store: Database
    state: State

    async def find(self, entry: Entry, now: datetime) -> list[Placement]:
        """
        Return how a conference is doing in each collection that holds it or has a row about it.

        A target without such a collection is there once. Raises StoreUnavailable.
        """
        rows = await self.store.ledger.publications_of(uid_of(entry.key))
        found: list[Placement] = []
        for name, settings in self.targets.items():
            shown = []
            for key, calendar in self._collections(name, settings):
                holds, row = explain(calendar, entry, self.state).holds, rows.get(key)
                if holds or row:
                    digests = await self._digests(name, calendar, entry, now) if holds else frozenset()
                    reason = row.reason if row else ""
                    shown.append(Placement(name, calendar.name, place(row, digests), reason))
            found += shown or [Placement(name, settings.calendar, PlacementState.NOT_BY_RULE)]
        return found

    def _collections(self, name: str, settings: TargetSettings) -> Iterator[tuple[str, Calendar]]:
        """Yield the calendars of a target, with the keys of their collections in the ledger."""
        if settings.calendar not in PATTERNS:
            if calendar := self.calendars.get(settings.calendar):
                yield name, calendar
            return
        for calendar in self.calendars.values():
            if calendar.account if settings.calendar == "accounts/*" else calendar.person:
                yield f"{name}/{calendar.name}", calendar

    async def _digests(self, name: str, calendar: Calendar, entry: Entry, now: datetime) -> frozenset[str]:
        """Return the digests of the resource as it should be, with people and without."""
        extras = Extras()
        with suppress(SettingsError):
            extras = extras_in(calendar, extras_of(name, self.targets[name]))
        vevents = await self.store.vevents_of(calendar.variant, [entry.key])
        return frozenset(
            resource_of(vevent, each, entry if each.addresses else None, now=now).digest
            for vevent in vevents
            for each in (extras, replace(extras, addresses={}))
        )
