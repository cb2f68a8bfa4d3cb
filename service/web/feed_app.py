"""
`GET|HEAD /feeds/{token}/{name}.ics`, as bare ASGI: thousands of clients ask every few minutes, for a 304.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from starlette.types import Receive, Scope, Send

from service.core.errors import StoreUnavailable
from service.core.text import ascii_name
from service.web.addresses import Gone
from service.web.conditional import not_modified
from service.web.feeds import Feed, Feeds, http_date

PREFIX = "/feeds/"

Headers = list[tuple[bytes, bytes]]

_COMMON: Headers = [
    (b"cache-control", b"private, no-cache"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex, nofollow"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_PLAIN: Headers = [*_COMMON, (b"content-type", b"text/plain; charset=utf-8")]


class FeedApp:
    """
    Serves feeds. Any Accept, Authorization or User-Agent will do: calendar clients send odd ones.
    """

    def __init__(self, feeds: Feeds, clock: Callable[[], datetime]) -> None:
        self._feeds = feeds
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        del receive
        if scope["method"] not in {"GET", "HEAD"}:
            await _say(send, scope, 405, b"A feed can only be read.", [(b"allow", b"GET, HEAD")])
            return
        token, _, name = scope["path"].removeprefix(PREFIX).partition("/")
        calendar = self._feeds.addresses.find(token)
        if calendar is Gone.ROTATED:
            text = b"This calendar has a new address. Ask whoever gave you this one."
            await _say(send, scope, 410, text)
            return
        if calendar is Gone.UNKNOWN or not name.endswith(".ics") or "/" in name:
            await _say(send, scope, 404, b"There is no such calendar.")
            return
        if not self._feeds.ready():
            text = b"The first list of conferences has not arrived yet."
            await _say(send, scope, 503, text, [(b"retry-after", b"60")])
            return
        try:
            feed = self._feeds.fresh(calendar) or await self._feeds.feed(calendar)
        except StoreUnavailable:
            text = b"The calendar cannot be read at the moment."
            await _say(send, scope, 503, text, [(b"retry-after", b"60")])
            return
        await _serve(send, scope, feed, ascii_name(calendar), self._clock())


async def _serve(send: Send, scope: Scope, feed: Feed, name: str, now: datetime) -> None:
    asked: Mapping[bytes, bytes] = dict(scope["headers"])
    # Two changes within a second push the date ahead; it may not be sent early (RFC 9110, 8.8.2.1).
    last_modified = feed.last_modified if feed.changed_at <= now else http_date(now)
    validators: Headers = [*_COMMON, (b"etag", feed.etag), (b"last-modified", last_modified)]
    if not_modified(
        asked.get(b"if-none-match"),
        asked.get(b"if-modified-since"),
        etag=feed.etag,
        changed_at=feed.changed_at,
    ):
        await _answer(send, 304, validators, b"")
        return
    headers = [
        *validators,
        (b"content-type", b"text/calendar; charset=utf-8"),
        (b"content-length", str(len(feed.body)).encode()),
        (b"content-disposition", f'inline; filename="{name}.ics"'.encode()),
    ]
    await _answer(send, 200, headers, b"" if scope["method"] == "HEAD" else feed.body)


async def _say(send: Send, scope: Scope, status: int, text: bytes, extra: Headers | None = None) -> None:
    body = text + b"\n"
    headers = [*_PLAIN, *(extra or []), (b"content-length", str(len(body)).encode())]
    await _answer(send, status, headers, b"" if scope["method"] == "HEAD" else body)


async def _answer(send: Send, status: int, headers: Headers, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
