"""
The web while what is known is still being read: feeds that need nothing of it are served, the rest waits.
"""

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

from service.calendars.feeds import Feeds
from service.web.feeds.app import PREFIX

_LIVES = "/healthz"


class StartingWeb:
    """
    Passes requests on: those for a feed of whole lists at once, others once `loaded` is set.

    Such a feed is what the database holds of an account, or of all. Rules and pages need the conferences
    themselves.
    """

    def __init__(self, app: ASGIApp, feeds: Feeds, loaded: asyncio.Event) -> None:
        self._app = app
        self._feeds = feeds
        self._loaded = loaded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if not self._needs_nothing(scope):
            await self._loaded.wait()
        await self._app(scope, receive, send)

    def _needs_nothing(self, scope: Scope) -> bool:
        path = scope.get("path", "")
        if scope["type"] != "http" or path == _LIVES:
            return True
        if not path.startswith(PREFIX):
            return False
        found = self._feeds.addresses.find(path.removeprefix(PREFIX).partition("/")[0])
        calendar = self._feeds.calendars.get(found) if isinstance(found, str) else None
        return calendar is not None and not calendar.rule.narrows
