"""
What was signed out of, without a database.
"""

from collections.abc import Mapping
from datetime import datetime

from typing_extensions import override

from service.core.ports import ClosedSessions


class MemoryClosedSessions(ClosedSessions):
    """
    Implements `service.core.ports.ClosedSessions`; what it holds is gone with it.
    """

    def __init__(self) -> None:
        self._closed: dict[str, datetime] = {}

    @override
    async def close(self, sessions: Mapping[str, datetime], *, now: datetime) -> None:
        kept = {**self._closed, **sessions}
        self._closed = {session: ends_at for session, ends_at in kept.items() if ends_at > now}

    @override
    async def is_closed(self, session: str) -> bool:
        return session in self._closed
