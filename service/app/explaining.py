"""
Why calendars and targets have a conference or not, for a command: little but the conference itself is read.
"""

from collections.abc import Collection, Iterable

from service.app.clock import utc_now
from service.app.feeds import load_feeds
from service.app.opening import with_store
from service.app.placements import Placements
from service.calendars.calendar import Calendar
from service.calendars.explain import explain, fold
from service.calendars.names import load_names
from service.core.account_state import Entry
from service.core.conference import Key
from service.core.errors import UnknownName
from service.core.nearest import suggest
from service.core.ports import Store
from service.core.state import State
from service.publishing.ports import Database
from service.settings.model import Settings


async def explain_conference(settings: Settings, conference_id: str, calendar: str | None) -> list[str]:
    """
    Return sentences that say why a conference is in a calendar or not.

    After them come those about targets. Without a calendar's name they cover all calendars; many that lack it
    alike share a sentence.

    Raises UnknownName, SettingsError and StoreUnavailable.
    """
    async with with_store(settings) as store:
        keys = await store.find_by_id(conference_id)
        if not keys:
            raise UnknownName(
                f"no conference has the id {conference_id!r}; `confcal conferences` lists them, and "
                "`confcal rejected` what could not be understood"
            )
        state = await _load(settings, store, keys)
        calendars = (await load_feeds(settings, store, state)).calendars
        if calendar is not None and calendar not in calendars:
            hint = suggest(calendar, calendars) or "; `confcal feeds` lists them"
            raise UnknownName(f"there is no calendar {calendar!r}{hint}")
        chosen = [calendars[calendar]] if calendar else calendars.values()
        placements = Placements(settings.targets, calendars, store, state)
        sentences = []
        for entry in (state.entries[key] for key in keys):
            beginning = f"{entry.key.server}: " if len(keys) > 1 else ""
            about = await _describe(chosen, entry, state, store)
            about += [
                each.describe()
                for each in await placements.find(entry, utc_now())
                if calendar in (None, each.calendar)
            ]
            sentences += [f"{beginning}{each}" for each in about]
        return sentences


async def _load(settings: Settings, store: Database, keys: Collection[Key]) -> State:
    if settings.calendars_for_people:
        # Everybody who is invited to anything has a calendar.
        return await store.load()
    return await store.load_conferences(keys)


async def _describe(chosen: Iterable[Calendar], entry: Entry, state: State, store: Store) -> list[str]:
    single, alike = fold(explain(each, entry, state) for each in chosen)
    names = await load_names(store, {id_ for each in single for id_ in each.people}, state.entries)
    return [
        *(each.describe(names.describe) for each in single),
        *(each.describe(entry.key.id) for each in alike),
    ]
