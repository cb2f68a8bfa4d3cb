"""
Rows about chosen parts of conferences, as many at a time as a statement takes.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Select, Table, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from service.core.conference import Key

_AT_ONCE = 450
"""Two variables each, below the 999 that an SQLite may be built with."""


async def read_chosen(
    db: AsyncConnection, chosen: Select[Any], table: Table, keys: Iterable[Key]
) -> list[Sequence[Any]]:
    """Return what `chosen` selects from a table, of these keys alone, each once."""
    found: list[Sequence[Any]] = []
    for server, parts in chunks_of(keys):
        of_server = chosen.where(table.c.server == server)
        found += await db.execute(of_server.where(tuple_(table.c.id, table.c.part).in_(parts)))
    return found


def chunks_of(keys: Iterable[Key]) -> Iterator[tuple[str, Sequence[tuple[str, int]]]]:
    """Yield each part of a conference once, with its server, as many at a time as a statement takes."""
    by_server: dict[str, dict[tuple[str, int], None]] = {}
    for server, id_, part in keys:
        by_server.setdefault(server, {})[id_, part] = None
    for server, unique in by_server.items():
        parts = list(unique)
        for start in range(0, len(parts), _AT_ONCE):
            yield server, parts[start : start + _AT_ONCE]
