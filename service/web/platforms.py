"""
How each calendar program subscribes: its deep link, or why it has none, and which one the viewer uses.

The links are those that the programs' own documentation and sources name; see docs/clients/.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import quote, urlsplit


class Platform(StrEnum):
    """
    A program that people have their calendar in.
    """

    APPLE = "apple"
    OUTLOOK = "outlook"
    GOOGLE = "google"
    OUTLOOK_COM = "outlook-com"
    MICROSOFT_365 = "microsoft-365"
    THUNDERBIRD = "thunderbird"
    GNOME = "gnome"
    NEXTCLOUD = "nextcloud"
    YANDEX = "yandex"
    ICSX5 = "icsx5"
    OTHER = "other"


class Obstacle(StrEnum):
    """
    Why a link would not work.
    """

    PRIVATE = "private"
    """The company's servers cannot reach the address."""

    PLAIN_HTTP = "plain-http"
    """Without TLS, clouds refuse the address and `webcal:` is read differently by each program."""

    PORT = "port"
    """`webcal:` tries plain http first, on the port that speaks TLS."""

    PHONE = "phone"
    """The service takes new calendars on a computer only."""

    NOT_SAFARI = "not-safari"
    """On iOS nothing but Safari opens `webcal:`."""


CLOUDS = frozenset({Platform.GOOGLE, Platform.OUTLOOK_COM, Platform.MICROSOFT_365, Platform.YANDEX})
"""They fetch the calendar from their own servers."""

_WEBCAL = frozenset({Platform.APPLE, Platform.OUTLOOK})
_LOCAL_NAMES = (
    "localhost",
    "local",
    "localdomain",
    "lan",
    "home",
    "internal",
    "intranet",
    "corp",
    "arpa",
    "test",
)
_PHONE = re.compile(r"iPhone|iPad|iPod|Android|Mobile")
_IOS = re.compile(r"iPhone|iPad|iPod")
_IOS_OTHERS = re.compile(r"CriOS|FxiOS|EdgiOS|OPiOS|OPT/|YaBrowser|DuckDuckGo|GSA/")
_DETECTED = (
    (re.compile(r"iPhone|iPad|iPod|Macintosh"), Platform.APPLE),
    (re.compile(r"Android"), Platform.ICSX5),
    (re.compile(r"Windows"), Platform.OUTLOOK),
    (re.compile(r"CrOS"), Platform.GOOGLE),
    (re.compile(r"Linux|X11"), Platform.THUNDERBIRD),
)


@dataclass(frozen=True, slots=True)
class Way:
    """
    One way to subscribe.
    """

    platform: Platform
    link: str = ""
    """A deep link; empty where there is none, or none that would work here."""

    obstacle: Obstacle | None = None
    detected: bool = False
    """Whether the viewer seems to use it."""

    @property
    def cloud(self) -> bool:
        """Whether a company's servers fetch the calendar."""
        return self.platform in CLOUDS

    @property
    def hopeless(self) -> bool:
        """Whether steps by hand would not work either."""
        return self.cloud and self.obstacle in {Obstacle.PRIVATE, Obstacle.PLAIN_HTTP}


def ways(feed_url: str, title: str, agent: str) -> list[Way]:
    """
    Return all ways to subscribe, that of the viewer's platform first.
    """
    detected = platform_of(agent)
    order = sorted(Platform, key=lambda platform: platform is not detected)
    return [_way(platform, feed_url, title, agent, detected=platform is detected) for platform in order]


def _way(platform: Platform, feed_url: str, title: str, agent: str, *, detected: bool) -> Way:
    obstacle = _obstacle(platform, feed_url, agent)
    link = "" if obstacle else _link(platform, feed_url, title)
    return Way(platform, link, obstacle, detected)


def _link(platform: Platform, feed_url: str, title: str) -> str:
    webcal = webcal_url(feed_url)
    match platform:
        case Platform.APPLE | Platform.OUTLOOK:
            return webcal
        case Platform.GOOGLE:
            # An https address as `cid` does not work.
            return f"https://calendar.google.com/calendar/r?cid={quote(webcal, safe='')}"
        case Platform.OUTLOOK_COM:
            return _add_from_web("outlook.live.com", webcal, title)
        case Platform.MICROSOFT_365:
            return _add_from_web("outlook.office.com", webcal, title)
        case _:
            # The others take a `webcal:` link for plain http, or none at all: they are given the address.
            return ""


def _add_from_web(host: str, url: str, title: str) -> str:
    return f"https://{host}/calendar/0/addfromweb/?url={quote(url, safe='')}&name={quote(title, safe='')}"


def webcal_url(feed_url: str) -> str:
    """Return the address with the scheme that Apple and Outlook subscribe by."""
    return "webcal:" + feed_url.partition(":")[2]


def _obstacle(platform: Platform, feed_url: str, agent: str) -> Obstacle | None:
    url = urlsplit(feed_url)
    if platform in CLOUDS:
        return _cloud_obstacle(url.hostname or "", url.scheme, agent, deep=platform is not Platform.YANDEX)
    if platform not in _WEBCAL:
        return None
    if url.scheme != "https":
        return Obstacle.PLAIN_HTTP
    if url.port not in {None, 443}:
        return Obstacle.PORT
    return Obstacle.NOT_SAFARI if _IOS.search(agent) and _IOS_OTHERS.search(agent) else None


def _cloud_obstacle(host: str, scheme: str, agent: str, *, deep: bool) -> Obstacle | None:
    if is_private(host):
        return Obstacle.PRIVATE
    if scheme != "https":
        return Obstacle.PLAIN_HTTP
    return Obstacle.PHONE if deep and _PHONE.search(agent) else None


def is_private(host: str) -> bool:
    """Return whether a host can be reached from its own network only, as far as its name tells."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        pass
    labels = host.rstrip(".").lower().split(".")
    return len(labels) == 1 or labels[-1] in _LOCAL_NAMES


def platform_of(agent: str) -> Platform:
    """Return the platform that a User-Agent tells of."""
    return next((platform for pattern, platform in _DETECTED if pattern.search(agent)), Platform.OTHER)
