"""
Notices about the zones of weekly conferences, for the operator. `describe` turns them into words.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from service.core.transitions import Transition
from service.core.vevent import Translate


@dataclass(frozen=True, slots=True)
class OldName:
    """
    A zone has a name of the old style.
    """

    variable: str
    zone: str
    city: str

    @property
    def subject(self) -> str:
        """The setting that it is about."""
        return self.variable

    def describe(self, gettext: Translate = str) -> str:
        """Return the sentences with the remedy; in English where nothing translates them."""
        text = gettext(
            "%(variable)s=%(zone)s is an old name of %(city)s: some calendar programs read it an hour wrong. "
            "Set %(variable)s=%(city)s."
        )
        return text % {"variable": self.variable, "zone": self.zone, "city": self.city}


@dataclass(frozen=True, slots=True)
class ZoneUnset:
    """
    Weekly conferences exist, and nobody named the zone of the organization.
    """

    variable: str
    count: int
    """How many weekly conferences are read so."""

    @property
    def subject(self) -> str:
        """The setting that it is about."""
        return self.variable

    def describe(self, gettext: Translate = str) -> str:
        """Return the sentences with the remedy; in English where nothing translates them."""
        text = gettext(
            "%(variable)s is not set, so weekly conferences (%(count)d) are read in UTC: one that begins "
            "near midnight of the organization may be a day off, and pages show the hours of UTC. Set "
            "%(variable)s to the zone of the organization, such as Europe/Moscow."
        )
        return text % {"variable": self.variable, "count": self.count}


@dataclass(frozen=True, slots=True)
class Example:
    """
    One occurrence under both settings, as clocks in the zone show it.
    """

    utc: datetime
    wall: datetime


@dataclass(frozen=True, slots=True)
class TimeUnset:
    """
    Clocks change in the zone of weekly conferences, and no setting says which time stays fixed.
    """

    zone: str
    count: int
    conference: str
    """The ID of the example."""

    topic: str
    winter: Example
    summer: Example

    @property
    def subject(self) -> str:
        """The zone that it is about."""
        return self.zone

    def describe(self, gettext: Translate = str) -> str:
        """Return the sentences with the remedy; in English where nothing translates them."""
        text = gettext(
            "CONFCAL_WEEKLY_TIME is not set, and %(zone)s changes its clocks (weekly conferences: "
            "%(count)d). The default, utc, keeps the instant; wall keeps the hour. Example: %(name)s. "
            "With utc: %(winter_utc)s in winter, %(summer_utc)s in summer. "
            "With wall: %(winter_wall)s in winter, %(summer_wall)s in summer. "
            "Set the one that TrueConf shows."
        )
        return text % {
            "zone": self.zone,
            "count": self.count,
            "name": self.topic or self.conference,
            "winter_utc": _moment(self.winter.utc),
            "summer_utc": _moment(self.summer.utc),
            "winter_wall": _moment(self.winter.wall),
            "summer_wall": _moment(self.summer.wall),
        }


@dataclass(frozen=True, slots=True)
class ZoneNamed:
    """
    The local hour stays fixed: calendars name the zone, and readers use their own zone data.
    """

    zone: str
    change: Transition | None
    """The last one; None where there was none since 1999."""

    seasonal: bool
    """Whether clocks change every year."""

    @property
    def subject(self) -> str:
        """The zone that it is about."""
        return self.zone

    def describe(self, gettext: Translate = str) -> str:
        """Return the sentences; in English where nothing translates them."""
        text = gettext(
            "CONFCAL_WEEKLY_TIME=wall names %(zone)s in calendars. %(change)s A calendar program whose zone "
            "data is older than a change of the law shows another hour."
        )
        change = _last(self.change, gettext, seasonal=self.seasonal)
        return text % {"zone": self.zone, "change": change}


@dataclass(frozen=True, slots=True)
class WallNotKept:
    """
    The local hour should stay fixed, but no VTIMEZONE expresses the rules of the zone.
    """

    zone: str
    change: Transition | None

    @property
    def subject(self) -> str:
        """The zone that it is about."""
        return self.zone

    def describe(self, gettext: Translate = str) -> str:
        """Return the sentences; in English where nothing translates them."""
        text = gettext(
            "CONFCAL_WEEKLY_TIME=wall cannot be kept in %(zone)s, whose rules fit no VTIMEZONE: the instant "
            "in UTC stays. %(change)s"
        )
        return text % {"zone": self.zone, "change": _last(self.change, gettext, seasonal=True)}


ZoneNotice = OldName | ZoneUnset | TimeUnset | ZoneNamed | WallNotKept


def without_topics(notice: ZoneNotice) -> ZoneNotice:
    """Return the notice without topics, which a log may not hold."""
    return replace(notice, topic="") if isinstance(notice, TimeUnset) else notice


def is_warning(notice: ZoneNotice) -> bool:
    """Return whether a setting needs attention; otherwise the notice only informs."""
    return not isinstance(notice, ZoneNamed)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _last(change: Transition | None, gettext: Translate, *, seasonal: bool) -> str:
    """Return a sentence about the last change of a zone; `seasonal` where clocks change every year."""
    if change is None:
        return gettext("The zone has not changed since 1999.")
    if seasonal:
        text = gettext("Its clocks change every year, last on %(date)s from %(before)s to %(after)s.")
    else:
        text = gettext("The zone changed last on %(date)s, from %(before)s to %(after)s.")
    return text % {
        "date": f"{change.local:%Y-%m-%d}",
        "before": _offset(change.before),
        "after": _offset(change.after),
    }


def _offset(offset: timedelta) -> str:
    """Return an offset from UTC, `UTC+05:30`."""
    minutes = round(offset.total_seconds() / 60)
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
