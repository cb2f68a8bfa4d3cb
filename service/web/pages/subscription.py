"""
How a calendar is subscribed to: its address as the viewer chose it, the ways there are, and the QR codes.
"""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from service.calendars.calendar import Calendar
from service.calendars.choices import REMINDER_MINUTES, Choice, choice_of, query_of
from service.calendars.tokens import Addresses
from service.web.pages.devices import device_of
from service.web.pages.platforms import GOOGLE_FROM_URL, is_private, ways
from service.web.pages.qr import fits_qr, qr_svg

SUBSCRIBED_COOKIE = "confcal_subscribed"
"""On the path of one calendar's page; static/subscribe.js writes it too."""

_NAMES = ("reminder", "free")
_YEAR_SECONDS = 365 * 24 * 3600


def read_choice(request: Request, calendar: Calendar) -> Choice:
    """Return what the query of a page chooses of a calendar; what the calendar does anyway is no choice."""
    asked = [(name, value) for name, value in request.query_params.multi_items() if name in _NAMES]
    choice = choice_of(urlencode(asked).encode())
    return replace(choice, free=None) if choice.free is calendar.free else choice


def describe_subscription(
    request: Request, addresses: Addresses, calendar: Calendar, choice: Choice
) -> dict[str, Any]:
    """Return what the page shows about subscribing."""
    query = query_of(choice)
    feed_url, page_url = (_choose(url, choice) for url in _urls(addresses, calendar))
    device = device_of(request.headers.get("user-agent", ""))
    found = ways(feed_url, calendar.title, device)
    others = [way for way in found if not way.detected]
    return {
        "feed_url": feed_url,
        "download_url": f"{feed_url}{'&' if query else '?'}download",
        "choice": choice,
        "choice_query": f"{query}&" if query else "",
        "reminders": REMINDER_MINUTES,
        "first_ways": [way for way in found if way.detected],
        "other_ways": others,
        "proposed": next((way for way in others if not way.obstacle), others[0]),
        "google_from_url": GOOGLE_FROM_URL,
        "system": device.system,
        "secure": feed_url.startswith("https:"),
        "private": is_private(urlsplit(feed_url).hostname or ""),
        "qr_feed": fits_qr(feed_url),
        "qr_page": fits_qr(page_url),
        "subscribed": has_subscribed(request),
    }


def draw_code(kind: str, addresses: Addresses, calendar: Calendar, choice: Choice) -> str | None:
    """Return the QR code of the feed or of the page as an image; None for another kind, or a long address."""
    feed_url, page_url = _urls(addresses, calendar)
    match kind:
        case "feed":
            return qr_svg(_choose(feed_url, choice))
        case "page":
            return qr_svg(_choose(page_url, choice))
        case _:
            return None


def _urls(addresses: Addresses, calendar: Calendar) -> tuple[str, str]:
    return addresses.feed_url(calendar.name), addresses.page_url(calendar.name)


def _choose(url: str, choice: Choice) -> str:
    query = query_of(choice)
    return f"{url}?{query}" if query else url


def has_subscribed(request: Request) -> bool:
    """Return whether the viewer has used the address already: as the query says, else the cookie."""
    said = request.query_params.get("subscribed", "")
    return said == "1" or (said != "0" and request.cookies.get(SUBSCRIBED_COOKIE) == "1")


def remember_subscribed(request: Request, response: Response, path: str, *, secure: bool) -> None:
    """Keep in a cookie for this page alone what the query says of having subscribed."""
    said = request.query_params.get("subscribed", "")
    if said in {"0", "1"}:
        response.set_cookie(
            SUBSCRIBED_COOKIE,
            said,
            max_age=_YEAR_SECONDS if said == "1" else 0,
            path=path,
            secure=secure,
            samesite="lax",
        )
