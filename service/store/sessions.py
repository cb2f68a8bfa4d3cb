"""
The closed sessions on SQLite and PostgreSQL.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncEngine
from typing_extensions import override

from service.core.ports import ClosedSessions
from service.store.engine import begin_read, begin_write
from service.store.rows import seconds_of
from service.store.tables import closed_sessions
from service.store.writes import insert_new


class SqlClosedSessions(ClosedSessions):
    """
    Implements `service.core.ports.ClosedSessions`.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @override
    async def close(self, sessions: Mapping[str, datetime], *, now: datetime) -> None:
        async with begin_write(self._engine) as db:
            await db.execute(delete(closed_sessions).where(closed_sessions.c.ends_at <= seconds_of(now)))
            statement = insert_new(db, closed_sessions)
            for session, ends_at in sessions.items():
                await db.execute(statement, {"session": session, "ends_at": seconds_of(ends_at)})

    @override
    async def is_closed(self, session: str) -> bool:
        async with begin_read(self._engine) as db:
            found = exists().where(closed_sessions.c.session == session)
            return bool((await db.execute(select(found))).scalar_one())
