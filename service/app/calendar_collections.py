"""
What a collection on a server holds: the events of one calendar.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from service.calendars.calendar import Calendar
from service.core.account_state import Entry
from service.core.clock import Clock
from service.core.state import State
from service.core.vevent import uid_of
from service.publishing.model import RemoteRules, Resource
from service.publishing.ownership import base_of, is_former_key
from service.publishing.ports import Database, Server, TargetCollection
from service.publishing.resource import Extras, resource_of
from service.settings.targets import TargetSettings

PATTERNS = ("accounts/*", "people/*")
"""Values of CALENDAR that choose several calendars."""


class CalendarDirectory(Protocol):
    """
    Knows which calendars there are, and what is in them. See service/calendars/directory.py.
    """

    calendars: Mapping[str, Calendar]

    @property
    def state(self) -> State:
        """The state that it follows."""
        ...

    def entries(self, calendar: Calendar) -> Iterable[Entry]:
        """Return the conferences in a calendar."""
        ...


@dataclass(slots=True)
class Calendars:
    """
    The calendars there are, and what is in them.
    """

    store: Database
    directory: CalendarDirectory

    async def resources(self, calendar: Calendar, extras: Extras, *, now: datetime) -> Mapping[str, Resource]:
        """Return what a collection of this calendar should hold now, by UID. Raises StoreUnavailable."""
        extras = extras_in(calendar, extras)
        whole = not calendar.rule.narrows
        entries = list(self.directory.entries(calendar)) if extras.addresses or not whole else []
        if whole:
            vevents = await self.store.vevents(calendar.variant, calendar.account)
        else:
            vevents = await self.store.vevents_of(calendar.variant, [entry.key for entry in entries])
        by_uid = {uid_of(entry.key): entry for entry in entries}

        def rendered() -> dict[str, Resource]:
            return {v.uid: resource_of(v, extras, by_uid.get(v.uid), now=now) for v in vevents}

        return await asyncio.to_thread(rendered)


def extras_in(calendar: Calendar, extras: Extras) -> Extras:
    """Return what a target adds to the VEVENTs of a calendar."""
    if extras.free is None:
        extras = replace(extras, free=calendar.free)
    # A calendar of busy times does not show who is invited.
    return extras if calendar.redaction == "full" else replace(extras, addresses={})


@dataclass(slots=True)
class ConfiguredKeys:
    """
    Knows for which keys of the ledger the settings have a target.
    """

    targets: Mapping[str, TargetSettings]

    def hold(self, key: str) -> bool:
        """Return whether the settings have a target of this key."""
        settings = self.targets.get(base_of(key))
        return (
            settings is not None
            and not is_former_key(key)
            and ("/" in key) == (settings.calendar in PATTERNS)
        )


@dataclass(frozen=True, slots=True)
class CalendarCollection(TargetCollection):
    """
    The collection of one calendar.
    """

    key: str
    identity: str
    server: Server
    rules: RemoteRules
    audit_every: timedelta
    calendar: Calendar
    calendars: Calendars
    extras: Extras
    configured: ConfiguredKeys
    clock: Clock

    async def render(self, *, people: bool) -> Mapping[str, Resource]:
        """Return the events of the calendar, by UID. Raises StoreUnavailable."""
        extras = self.extras if people else replace(self.extras, addresses={})
        return await self.calendars.resources(self.calendar, extras, now=self.clock())

    def content(self) -> object:
        """Return the calendar and its conferences: every change makes new entries."""
        return self.calendar, tuple(self.calendars.directory.entries(self.calendar))

    def is_configured(self, key: str) -> bool:
        """Return whether the settings have a target of this key."""
        return self.configured.hold(key)
