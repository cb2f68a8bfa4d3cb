"""
The time zones that a page offers: some for each offset, the organization's, and the one in use.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_OFFERED = tuple(
    """
    Pacific/Honolulu America/Anchorage America/Los_Angeles America/Denver America/Chicago America/New_York
    America/Sao_Paulo Atlantic/Azores UTC Europe/London Europe/Berlin Europe/Kaliningrad Europe/Athens
    Europe/Istanbul Europe/Minsk Europe/Moscow Europe/Samara Asia/Dubai Asia/Tehran Asia/Yekaterinburg
    Asia/Tashkent Asia/Kolkata Asia/Omsk Asia/Almaty Asia/Novosibirsk Asia/Krasnoyarsk Asia/Bangkok
    Asia/Irkutsk Asia/Shanghai Asia/Tokyo Asia/Yakutsk Asia/Vladivostok Australia/Sydney Asia/Magadan
    Asia/Kamchatka Pacific/Auckland Pacific/Kiritimati
""".split()  # noqa: SIM905 -- a list of forty lines says no more
)


@dataclass(frozen=True, slots=True)
class ZoneChoice:
    """
    One zone that may be chosen.
    """

    key: str
    offset: str
    """How far it is from UTC at this moment: `UTC+05:30`."""


def zone_choices(now: datetime, *present: str) -> tuple[ZoneChoice, ...]:
    """Return the zones offered and those of `present`, from west to east."""
    return _at(now.replace(minute=0, second=0, microsecond=0), present)


# ZoneInfo caches eight zones; reading forty again takes longer than the rest of a page.
@lru_cache(maxsize=256)
def _at(hour: datetime, present: tuple[str, ...]) -> tuple[ZoneChoice, ...]:
    keys = dict.fromkeys((*_OFFERED, *present))
    offsets = {key: hour.astimezone(ZoneInfo(key)).utcoffset() or timedelta(0) for key in keys}
    return tuple(ZoneChoice(key, _write(offsets[key])) for key in sorted(keys, key=lambda key: offsets[key]))


def _write(offset: timedelta) -> str:
    minutes = offset // timedelta(minutes=1)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"
