"""
Server-sent events that make open pages load again (WHATWG HTML, 9.2).
"""

import asyncio
from collections.abc import AsyncGenerator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from service.web.renderer import PAGE_HEADERS

MOST_STREAMS = 32

_BETWEEN_SECONDS = 1.0
_IDLE_SECONDS = 30.0
"""A page that says "3 minutes ago" needs a refresh although nothing happened."""

_CHANGED = b"event: changed\ndata: look again\n\n"


class Live:
    """
    One wake event for all listeners. Call `notify` in the loop's thread, as often as needed.
    """

    def __init__(
        self,
        *,
        between_seconds: float = _BETWEEN_SECONDS,
        idle_seconds: float = _IDLE_SECONDS,
        most_streams: int = MOST_STREAMS,
    ) -> None:
        self._most_streams = most_streams
        self._between_seconds, self._idle_seconds = between_seconds, idle_seconds
        self._wake_events: set[asyncio.Event] = set()
        self._closed = asyncio.Event()

    def notify(self) -> None:
        """Make all listeners load the page's data again soon."""
        for wake in self._wake_events:
            wake.set()

    def close(self) -> None:
        """End all streams, and every one that is opened later."""
        self._closed.set()
        self.notify()

    @property
    def full(self) -> bool:
        """Whether no more streams are opened."""
        return len(self._wake_events) >= self._most_streams

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """Yield an event after each change, changes in quick succession together, until closed."""
        wake = asyncio.Event()
        self._wake_events.add(wake)
        try:
            yield b"retry: 5000\n\n"
            while not self._closed.is_set():
                await _first_of(wake, self._idle_seconds)
                if self._closed.is_set():
                    return
                wake.clear()
                yield _CHANGED
                await _first_of(self._closed, self._between_seconds)
        finally:
            self._wake_events.discard(wake)


async def _first_of(wake: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await wake.wait()
    except TimeoutError:
        return


def stream_events(request: Request, live: Live) -> Response:
    """Return the answer that goes on while the page is open, or an empty one where too many pages are."""
    if live.full:
        # 204 makes the browser stop asking (WHATWG HTML, 9.2.1); the page stays as it is.
        return Response(status_code=204, headers=PAGE_HEADERS)
    headers = {**PAGE_HEADERS, "X-Accel-Buffering": "no"}
    if request.method == "HEAD":
        return Response(headers=headers, media_type="text/event-stream")
    return StreamingResponse(live.stream(), headers=headers, media_type="text/event-stream")
