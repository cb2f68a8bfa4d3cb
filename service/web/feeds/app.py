"""
`GET|HEAD /feeds/{token}/{name}.ics`, as bare ASGI: thousands of clients ask every few minutes, for a 304.
"""

import re
from collections.abc import Mapping

from starlette.types import Message, Receive, Scope, Send

from service.calendars.choices import AS_GIVEN, Choice, choice_of
from service.calendars.feeds import Feed, Feeds, http_date
from service.calendars.tokens import Addresses, LookupFailure
from service.core.clock import Clock
from service.core.errors import StoreUnavailable
from service.web.access_stats import AccessStats
from service.web.answers import PreparedStart
from service.web.conditional import not_modified
from service.web.feeds.starts import LatestStarts
from service.web.ratelimit import Guard

PREFIX = "/feeds/"

Headers = list[tuple[bytes, bytes]]

_COMMON: Headers = [
    (b"cache-control", b"private, no-cache"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex, nofollow"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_NOTHING: Message = {"type": "http.response.body", "body": b""}
_DOWNLOAD = re.compile(rb"(?:^|&)download(?:=|&|$)")
"""The page's link for taking a file away; calendars that subscribe do not use it."""

_UNNAMED = "calendar.ics"
"""For a calendar that went while its feed was built."""

_METHODS = ("GET", "HEAD")
_REMEMBERED = 4096

_PLAIN: Headers = [*_COMMON, (b"content-type", b"text/plain; charset=utf-8")]


class FeedApp:
    """
    Serves feeds. Any Accept, Authorization or User-Agent will do: calendar clients send odd ones.
    """

    def __init__(self, feeds: Feeds, guard: Guard, stats: AccessStats, clock: Clock) -> None:
        self._feeds = feeds
        self._guard = guard
        self._stats = stats
        self._clock = clock
        self._addresses: Addresses | None = None
        self._paths: dict[str, str] = {}
        # Nothing stands between these messages and the server that would change them.
        self._unchanged, self._whole = LatestStarts(), LatestStarts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        del receive
        if scope["method"] not in _METHODS:
            await _say(send, scope, 405, b"A feed can only be read.", [(b"allow", b"GET, HEAD")])
            return
        calendar = self._calendar(scope["path"])
        if not isinstance(calendar, str):
            await self._refuse(calendar, scope, send)
            return
        choice = choice_of(scope["query_string"])
        feed = self._feeds.fresh(calendar, choice)
        if feed is None:
            try:
                feed = await self._build(calendar, choice)
            except _NotYet as reason:
                await _say(send, scope, 503, str(reason).encode(), [(b"retry-after", b"60")])
                return
        now, asked = self._clock(), dict(scope["headers"])
        self._stats.note(calendar, scope, asked.get(b"user-agent", b""), now)
        place = calendar if choice is AS_GIVEN else (calendar, choice)
        if asked.get(b"if-none-match") == feed.etag and feed.changed_at <= now:
            # Nearly every request; the long way comes to the same.
            present = feed.etag, feed.last_modified
            await send(self._unchanged.find(place, present, _start_of_304))
            await send(_NOTHING)
            return
        # Two changes within a second push the date ahead; it may not be sent early (RFC 9110, 8.8.2.1).
        last_modified = feed.last_modified if feed.changed_at <= now else http_date(now)
        if _has_it(asked, feed):
            await send(_start_of_304(feed.etag, last_modified))
            await send(_NOTHING)
            return
        file_name = self._feeds.addresses.file_names.get(calendar, _UNNAMED)
        kind = "attachment" if _DOWNLOAD.search(scope["query_string"]) else "inline"
        version = feed.etag, last_modified, len(feed.body), file_name, kind
        await send(self._whole.find(place, version, _start_of_200))
        head = scope["method"] == "HEAD"
        await send(_NOTHING if head else {"type": "http.response.body", "body": feed.body})

    def _calendar(self, path: str) -> str | LookupFailure | None:
        """
        Return the calendar of a path, or the reason why there is none; None for an unknown name.

        Paths as they are handed out are remembered until addresses change: with any other name they work too,
        but whoever asks chooses how long it is. Its timing reveals nothing: characters are
        compared only where Python's hash, keyed again with each start, is the same.
        """
        addresses = self._feeds.addresses
        if addresses is not self._addresses or len(self._paths) >= _REMEMBERED:
            self._addresses, self._paths = addresses, {}
        known = self._paths.get(path)
        if known is not None:
            return known
        token, _, name = path.removeprefix(PREFIX).partition("/")
        calendar = addresses.find(token)
        if isinstance(calendar, LookupFailure):
            return calendar
        if not name.endswith(".ics") or "/" in name:
            return None
        if name == addresses.file_names[calendar]:
            self._paths[path] = calendar
        return calendar

    async def _refuse(self, gone: LookupFailure | None, scope: Scope, send: Send) -> None:
        if gone is LookupFailure.ROTATED:
            await _say(send, scope, 410, b"This calendar has a new address. Ask whoever gave you this one.")
            return
        wait = self._guard.fail(scope) if gone is LookupFailure.UNKNOWN else 0
        if wait:
            text = b"Too many wrong addresses were asked for from your network."
            await _say(send, scope, 429, text, [(b"retry-after", str(wait).encode())])
            return
        await _say(send, scope, 404, b"There is no such calendar.")

    async def _build(self, calendar: str, choice: Choice) -> Feed:
        if not self._feeds.ready():
            raise _NotYet("The first list of conferences has not arrived yet.")
        try:
            return await self._feeds.feed(calendar, choice)
        except StoreUnavailable as error:
            raise _NotYet("The calendar cannot be read at the moment.") from error


class _NotYet(Exception):
    """There is no feed to answer with, for the reason that this says."""


def _has_it(asked: Mapping[bytes, bytes], feed: Feed) -> bool:
    """Return whether the client has this feed already (RFC 9110, 13)."""
    return not_modified(
        asked.get(b"if-none-match"),
        asked.get(b"if-modified-since"),
        etag=feed.etag,
        changed_at=feed.changed_at,
    )


def _start_of_304(etag: bytes, last_modified: bytes) -> PreparedStart:
    headers = [*_COMMON, (b"etag", etag), (b"last-modified", last_modified)]
    return PreparedStart(304, headers)


def _start_of_200(etag: bytes, last_modified: bytes, length: int, file_name: str, kind: str) -> PreparedStart:
    headers = [
        *_COMMON,
        (b"etag", etag),
        (b"last-modified", last_modified),
        (b"content-type", b"text/calendar; charset=utf-8"),
        (b"content-length", str(length).encode()),
        (b"content-disposition", f'{kind}; filename="{file_name}"'.encode()),
    ]
    return PreparedStart(200, headers)


async def _say(send: Send, scope: Scope, status: int, text: bytes, extra: Headers | None = None) -> None:
    body = text + b"\n"
    headers = [*_PLAIN, *(extra or []), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
