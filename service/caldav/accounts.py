"""
One user at one server. Targets that share a refused password also share the wait before the next try.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from service.caldav.protocol import Request
from service.core.clock import Clock
from service.core.errors import CredentialsRefused

_QUICK_TRIES = 2
_SOON = timedelta(minutes=1)
_LATER = timedelta(hours=6)
_WRITING = frozenset({"PUT", "DELETE"})


class Account:
    """
    Credentials that one or several targets use. What is known of them lasts until a restart.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = asyncio.Lock()
        self._proven = False
        self._refusals = 0
        self._until: datetime | None = None
        self._why = ""
        self._doubt = ("", "")
        """
        Method and address of the refused request: only the same one, or a write, proves them good again.
        """

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[None]:
        """
        Let a request use the credentials inside. Until they are proven, only one request at a time may.

        Raises CredentialsRefused where they were refused and it is too early to try again.
        """
        if self._proven:
            yield
            return
        async with self._lock:
            if not self._proven:
                self._require_time()
            yield

    def _require_time(self) -> None:
        left = self._count_seconds_left()
        if left:
            raise CredentialsRefused(self._why, delay_seconds=left)

    def _count_seconds_left(self) -> float:
        left = (self._until - self._clock()).total_seconds() if self._until else 0.0
        # A clock that was set back does not lock anybody out for longer.
        return left if 0.0 < left <= _LATER.total_seconds() else 0.0

    def permit_try(self) -> None:
        """Let refused credentials be shown once more now: a person says that they may be right."""
        self._until = None

    def note_accepted(self, request: Request) -> None:
        """Note that a request was carried out with these credentials."""
        # Some servers let anybody read, so only a write shows that the credentials are right.
        if self._refusals and request.method not in _WRITING and _identify(request) != self._doubt:
            return
        self._proven, self._refusals, self._until = True, 0, None

    def note_refused(self, request: Request, why: str) -> CredentialsRefused:
        """Note that the server refused the credentials, and return the error to raise."""
        # Requests that were under way at the first refusal belong to the same try.
        if not self._count_seconds_left():
            self._refusals += 1
            self._until = self._clock() + (_SOON if self._refusals < _QUICK_TRIES else _LATER)
            self._doubt = _identify(request)
            seldom = self._refusals >= _QUICK_TRIES
            self._why = f"{why}; they are tried again every six hours, or after a restart" if seldom else why
        self._proven = False
        return CredentialsRefused(self._why, delay_seconds=self._count_seconds_left())


def _identify(request: Request) -> tuple[str, str]:
    return request.method, "" if request.method in _WRITING else request.url
