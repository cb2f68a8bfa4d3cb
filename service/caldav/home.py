"""
A calendar home (RFC 4791, 6.2.1): what lies in it, remembered for the collections that are looked for next.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.caldav.conversation import Steps, follow_redirects, require_private
from service.caldav.hrefs import as_collection, host_of, path_of, slug
from service.caldav.multistatus import CALDAV, DAV, ResponseEntry, parse_multistatus
from service.caldav.protocol import DISCOVERY, propfind
from service.caldav.quirks import recognize
from service.caldav.responses import require_usable
from service.caldav.xml import Malformed
from service.core.clock import Clock
from service.core.errors import Fatal

CALENDAR = f"{CALDAV}calendar"
_MULTISTATUS = 207
_FRESH = timedelta(minutes=1)

Listed = Mapping[str, ResponseEntry]
"""What lies in a home, by the last part of the address."""


@dataclass(frozen=True, slots=True)
class Home:
    """
    A calendar home, as it was listed.
    """

    url: str
    server: str
    """The product, where it was recognized."""

    at: datetime
    """When the list arrived."""

    names: frozenset[str]
    """The last parts of all addresses in it."""

    calendars: Mapping[str, tuple[str, str]]
    """Address and title of each calendar, by the last part of the address."""

    titled: Mapping[str, tuple[str, ...]]
    """The last parts of the calendars that have a title."""

    @classmethod
    def of(cls, url: str, server: str, at: datetime, listed: Listed) -> "Home":
        """Return the home that holds what was listed."""
        calendars, titled = {}, dict[str, tuple[str, ...]]()
        for name, answer in listed.items():
            if CALENDAR in answer.names(f"{DAV}resourcetype"):
                title = answer.text(f"{DAV}displayname")
                calendars[name] = (answer.url, title)
                titled[title] = (*titled.get(title, ()), name)
        return cls(url, server, at, frozenset(listed), calendars, titled)

    def find(self, name: str, *, nameless: bool) -> str | None:
        """
        Return the calendar with this name, with this address, or with the address that we would give it.

        It is the last part of its address. With `nameless` the server gives no calendar the title asked for.
        """
        titled, made = self.titled.get(name, ()), slug(name)
        if titled:
            return made if made in titled else titled[0]
        if name in self.calendars:
            return name
        if made not in self.calendars:
            return None
        # An address made from a name does not identify a collection by itself: another title is another one.
        _, title = self.calendars[made]
        return made if nameless or not title else None


class HomeMemory:
    """
    The home of one target, remembered for a minute.

    A target for 300 people would otherwise read the list of all collections 300 times. What the list holds is
    asked for again before it is used, and what it lacks is created. Where a person makes a calendar with the
    same title within that minute, there are two.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._home: Home | None = None

    def recall(self) -> Home | None:
        """Return the home, unless its list is too old."""
        home = self._home
        if home and not home.at <= self._clock() < home.at + _FRESH:
            self._home = None
        return self._home

    def remember(self, home: Home) -> None:
        """Remember a home that was listed just now."""
        self._home = home

    def forget(self) -> None:
        """Forget it: something there is not as it was listed, or a person says so."""
        self._home = None


def list_home(url: str, server: str, trusted: str) -> Steps[tuple[Home, Listed]]:
    """List a calendar home, for a target whose address is `trusted`. Raises Fatal and Retryable."""
    require_private(trusted, url)
    url = as_collection(url)
    response = yield from follow_redirects(propfind(url, DISCOVERY, depth=1), trusted)
    require_usable(response)
    if response.status != _MULTISTATUS:
        raise Fatal(f"{host_of(url)} does not list this user's calendars (status {response.status})")
    try:
        answers = parse_multistatus(response.body, response.url)
    except Malformed as error:
        raise Fatal(f"{host_of(url)}: {error}") from error
    listed = {last_part(answer.url): answer for answer in answers.others(url)}
    server = server or recognize(response.url, response.headers)
    return Home.of(url, server, response.at, listed), listed


def last_part(url: str) -> str:
    """Return the decoded name of a collection within its home."""
    return path_of(url).rstrip("/").rpartition("/")[2]
