"""
How each calendar program subscribes: its deep link, or why it has none, and which one the viewer uses.

The links are those that the programs' own documentation and sources name; see docs/clients/.
"""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import assert_never
from urllib.parse import quote, urlsplit

from service.web.pages.devices import Device, System


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

    ELSEWHERE = "elsewhere"
    """On this device another program, if any, opens `webcal:`."""


GOOGLE_FROM_URL = "https://calendar.google.com/calendar/u/0/r/settings/addbyurl"
"""Google's form for an address: people report that its links with `cid` fail for some accounts."""

CLOUDS = frozenset({Platform.GOOGLE, Platform.OUTLOOK_COM, Platform.MICROSOFT_365, Platform.YANDEX})
"""They fetch the calendar from their own servers."""

_OPENS_WEBCAL = {
    Platform.APPLE: frozenset({System.IOS, System.MACOS, System.UNKNOWN}),
    Platform.OUTLOOK: frozenset({System.WINDOWS, System.UNKNOWN}),
}
"""Where `webcal:` leads to the program, or may: a browser that hides its system is not shut out."""

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


def ways(feed_url: str, title: str, device: Device) -> list[Way]:
    """Return all ways to subscribe, those of the viewer's platform first."""
    detected = platforms_on(device.system)
    order = [*detected, *(platform for platform in Platform if platform not in detected)]
    return [_way(platform, feed_url, title, device, detected=platform in detected) for platform in order]


def _way(platform: Platform, feed_url: str, title: str, device: Device, *, detected: bool) -> Way:
    obstacle = _obstacle(platform, feed_url, device)
    link = "" if obstacle else _link(platform, feed_url, title)
    return Way(platform, link, obstacle, detected)


def _link(platform: Platform, feed_url: str, title: str) -> str:
    webcal = "webcal:" + feed_url.partition(":")[2]
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


def _obstacle(platform: Platform, feed_url: str, device: Device) -> Obstacle | None:
    url = urlsplit(feed_url)
    if platform in CLOUDS:
        deep = platform is not Platform.YANDEX
        return _cloud_obstacle(url.hostname or "", url.scheme, on_phone=deep and device.handheld)
    if platform not in _OPENS_WEBCAL:
        return None
    if url.scheme != "https":
        return Obstacle.PLAIN_HTTP
    if url.port not in {None, 443}:
        return Obstacle.PORT
    if device.system not in _OPENS_WEBCAL[platform]:
        return Obstacle.ELSEWHERE
    return Obstacle.NOT_SAFARI if device.system is System.IOS and not device.safari else None


def _cloud_obstacle(host: str, scheme: str, *, on_phone: bool) -> Obstacle | None:
    if is_private(host):
        return Obstacle.PRIVATE
    if scheme != "https":
        return Obstacle.PLAIN_HTTP
    return Obstacle.PHONE if on_phone else None


def is_private(host: str) -> bool:
    """Return whether a host can be reached from its own network only, as far as its name shows."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        pass
    labels = host.rstrip(".").lower().split(".")
    return len(labels) == 1 or labels[-1] in _LOCAL_NAMES


def platforms_on(system: System) -> tuple[Platform, ...]:
    """Return the programs that people mostly have where this system runs, each as likely as the others."""
    match system:
        case System.IOS | System.MACOS:
            return (Platform.APPLE,)
        case System.ANDROID:
            return (Platform.ICSX5,)
        case System.WINDOWS:
            # Windows comes with the new Outlook, organizations keep the classic one; browsers do not say
            # which.
            return (Platform.MICROSOFT_365, Platform.OUTLOOK)
        case System.CHROMEOS:
            return (Platform.GOOGLE,)
        case System.LINUX:
            return (Platform.THUNDERBIRD,)
        case System.UNKNOWN:
            return (Platform.OTHER,)
        case _ as unreachable:
            assert_never(unreachable)
