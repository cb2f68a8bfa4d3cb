"""
Facts about the bundled zone data: its version, its age, and its old names.

`service/__init__.py` has `zoneinfo` read the same package.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from importlib.resources import files

_DATA = "tzdata.zoneinfo"

_NEARER = {
    "Africa/Asmera": "Africa/Asmara",
    "Africa/Timbuktu": "Africa/Bamako",
    "America/Coral_Harbour": "America/Atikokan",
    "America/Virgin": "America/St_Thomas",
    "Antarctica/South_Pole": "Antarctica/McMurdo",
    "Atlantic/Jan_Mayen": "Arctic/Longyearbyen",
    "Iceland": "Atlantic/Reykjavik",
    "Pacific/Ponape": "Pacific/Pohnpei",
    "Pacific/Truk": "Pacific/Chuuk",
    "Pacific/Yap": "Pacific/Chuuk",
}
"""Old names whose own city the data joins with a far one that has had the same hours since 1970."""

_YEARLESS = {
    "CST6CDT": "America/Chicago",
    "EST5EDT": "America/New_York",
    "MST7MDT": "America/Denver",
    "PST8PDT": "America/Los_Angeles",
}
"""Names that older editions of the data keep as zones of their own; `backward` links them since 2024."""


def data_version() -> str:
    """Return the version of the bundled zone data, like `2026.6`."""
    return version("tzdata")


@cache
def find_release_moment() -> datetime:
    """
    Return a moment before the release of the bundled data: the first of its year.

    The package names its year and its number in that year, but no date. Only an update changes this moment,
    so the output is the same from day to day and on every replica.
    """
    return datetime(int(data_version().partition(".")[0]), 1, 1, tzinfo=UTC)


def city_of(name: str) -> str:
    """
    Return the name of the city that an old-style zone name stands for; empty for a current name.

    Current names are those that `zone.tab` lists for a country, and those of no country: `Etc/...`, UTC.
    """
    return _cities().get(name, "")


@cache
def _cities() -> Mapping[str, str]:
    cities = frozenset(_columns("zone.tab", 2))
    links = {**_YEARLESS, **dict(_links())}
    return {
        old: _NEARER.get(old, target)
        for old, target in links.items()
        if old not in cities and not target.startswith("Etc/")
    }


def _links() -> Iterator[tuple[str, str]]:
    """Yield the old and the present name of each link; a line is `L TARGET OLD`."""
    for line in _lines("tzdata.zi"):
        kind, *names = line.split()
        if kind == "L":
            target, old = names
            yield old, target


def _columns(table: str, number: int) -> Iterator[str]:
    for line in _lines(table):
        yield line.split("\t")[number]


def _lines(name: str) -> Iterator[str]:
    text = files(_DATA).joinpath(name).read_text("utf-8")
    return (line for line in text.splitlines() if line and not line.startswith("#"))
