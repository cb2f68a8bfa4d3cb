"""
What an operator should know about the zones of the settings, for commands.
"""

from collections.abc import Iterable, Mapping, Sequence

from service.app.clock import utc_now
from service.core.conference import Conference
from service.core.errors import SettingsError, StoreUnavailable
from service.core.kinds import Kinds
from service.core.schedule import Weekly
from service.core.zone_notices import ZoneNotice
from service.core.zone_survey import Series, need_series, weekly_series, zone_notices
from service.settings.model import Settings
from service.settings.paths import database_url
from service.settings.zones import zone_readings
from service.store.sql import open_store


async def notices_of(settings: Settings, heard: Mapping[str, Sequence[Conference]]) -> tuple[ZoneNotice, ...]:
    """
    Return what an operator should know about the zones of the settings.

    `heard` are the conferences that sources reported just now. For other sources the database is read where
    that matters, if it can be.
    """
    readings = zone_readings(settings)
    enough = settings.sources.keys() <= heard.keys() or not need_series(readings)
    known = () if enough else await _load_series(settings)
    series = [
        *((source, each) for source, listed in heard.items() for each in listed if _is_weekly(each)),
        *(pair for pair in known if pair[0] not in heard),
    ]
    return zone_notices(readings, series, utc_now())


async def _load_series(settings: Settings) -> Iterable[Series]:
    try:
        store = await open_store(database_url(settings), migrate=False)
    # `check` reports trouble with the database elsewhere.
    except (SettingsError, StoreUnavailable):
        return ()
    try:
        return list(weekly_series(Kinds().follow(await store.load())))
    except StoreUnavailable:
        return ()
    finally:
        await store.close()


def _is_weekly(conference: Conference) -> bool:
    return isinstance(conference.schedule, Weekly)
