"""
A calendar home (RFC 4791, 6.2.1): the collections in it, remembered for those that are looked for next.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.caldav.conversation import Steps, follow_redirects, require_private
from service.caldav.hrefs import as_collection, host_of, path_of
from service.caldav.multistatus import CALDAV, ResponseEntry, parse_multistatus
from service.caldav.protocol import DISCOVERY, propfind
from service.caldav.quirks import recognize
from service.caldav.responses import require_usable
from service.caldav.xml import Malformed
from service.core.clock import Clock
from service.core.errors import Fatal

CALENDAR = f"{CALDAV}calendar"
_MULTISTATUS = 207
_FRESH = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Home:
    """
    A calendar home, as it was listed.
    """

    url: str
    server: str
    """The product, where it was recognized."""

    named: Mapping[str, ResponseEntry]
    """What lies in it, by the last part of the address."""

    at: datetime
    """When the list arrived."""


class HomeMemory:
    """
    The home of one target, remembered for a minute.

    A target for 300 people would otherwise read the list of all collections 300 times. What the list says is
    a hint: whoever uses it asks the server again, or creates what is missing.
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
        """Forget it: something there is not as it was listed."""
        self._home = None


def list_home(url: str, server: str, trusted: str) -> Steps[Home]:
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
    named = {last_part(answer.url): answer for answer in answers.others(url)}
    return Home(url, server or recognize(response.url, response.headers), named, response.at)


def last_part(url: str) -> str:
    """Return the decoded name of a collection within its home."""
    return path_of(url).rstrip("/").rpartition("/")[2]
