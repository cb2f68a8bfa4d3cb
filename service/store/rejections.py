"""
The statements that write and read rejected input.
"""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import RowMapping, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.core.rejected import RejectedInput
from service.store.rows import moment_of, seconds_of
from service.store.tables import rejected
from service.store.writes import insert_into

_ONCE = ["source", "conference_id", "field", "digest"]


async def write_rejected(
    db: AsyncConnection, inputs: Sequence[RejectedInput], *, keep: int, since: datetime
) -> None:
    """Write rejected inputs, counting repeated ones; delete what is older than `since` or beyond `keep`."""
    statement = insert_into(db, rejected)
    new, old = statement.excluded, rejected.c
    upsert = statement.on_conflict_do_update(
        index_elements=_ONCE,
        set_={
            "last_at": func.max(old.last_at, new.last_at)
            if db.dialect.name == "sqlite"
            else func.greatest(old.last_at, new.last_at),
            "times": old.times + new.times,
            "account": new.account,
            "reason": new.reason,
        },
    )
    for each in inputs:
        await db.execute(upsert, _row(each))
    await db.execute(delete(rejected).where(old.last_at < seconds_of(since)))
    newest = select(old.number).order_by(old.last_at.desc(), old.number.desc()).limit(keep)
    await db.execute(delete(rejected).where(old.number.not_in(newest)))


async def read_rejected(db: AsyncConnection, most_raw: int, number: int | None) -> list[RejectedInput]:
    """
    Return rejected input, the newest first, each cut to `most_raw` bytes.

    With `number`, return that one only.
    """
    c = rejected.c
    columns = [column for column in c if column is not c.raw]
    # The database cuts them: a page that lists a thousand must not read a gigabyte.
    raw = func.substr(c.raw, 1, most_raw).label("raw")
    query = select(*columns, raw).order_by(c.last_at.desc(), c.number.desc())
    if number is not None:
        query = query.where(c.number == number)
    return [_input(row) for row in (await db.execute(query)).mappings()]


async def delete_rejected(db: AsyncConnection, number: int) -> bool:
    """Delete one rejected input, and return whether it was there."""
    return bool((await db.execute(delete(rejected).where(rejected.c.number == number))).rowcount)


def _row(each: RejectedInput) -> dict[str, Any]:
    return {
        "source": each.source,
        "account": each.account,
        "conference_id": each.conference_id,
        "field": each.field,
        "digest": sha256(each.raw).digest(),
        "reason": each.reason,
        "raw": each.raw,
        "first_at": seconds_of(each.first_at),
        "last_at": seconds_of(each.last_at),
        "times": each.times,
    }


def _input(row: RowMapping) -> RejectedInput:
    return RejectedInput(
        source=row["source"],
        account=row["account"],
        conference_id=row["conference_id"],
        field=row["field"],
        reason=row["reason"],
        raw=row["raw"],
        first_at=moment_of(row["first_at"]),
        last_at=moment_of(row["last_at"]),
        times=row["times"],
        number=row["number"],
    )
