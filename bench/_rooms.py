"""
Many Rooms with lists of one size: as the daemon has them in its database, and as it finds them.

    python -m bench._rooms

It serves them until its input ends; the first line of its output is the port, and a Room's number the path.
"""

import asyncio
import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import click
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bench._long_lists import SERVER, Raw, conferences
from service.core.conference import Key
from service.core.vevent import uid_of
from service.simulator.answers import answer

EACH = 50
TABLES = ("accounts", "conferences", "vevents", "memberships", "conference_titles", "conference_words")
"""Those that grow with Rooms, in an order that keeps their references."""


def room(number: int) -> str:
    """Return the name of a Room: of its source, and of the user at it. All are of one length."""
    return f"room{number:06}"


def listed_by(number: int) -> list[Raw]:
    """Return what a Room lists; the ids of all Rooms are of one length."""
    return conferences(EACH, prefix=f"r{number:06}-")


def multiply(database: Path, rooms: int) -> None:
    """Copy what a database holds of Room 0 for the others: to hear their first lists takes minutes."""
    with closing(sqlite3.connect(database)) as db:
        for table in TABLES:
            rows = db.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 -- names of our own schema
            marks = ", ".join("?" * len(rows[0]))
            insert = f"INSERT INTO {table} VALUES ({marks})"  # noqa: S608 -- the same
            db.executemany(insert, (copy for number in range(1, rooms) for copy in _copies(rows, number)))
        db.commit()


def _copies(rows: list[tuple[Any, ...]], number: int) -> Iterator[tuple[Any, ...]]:
    names = {room(0): room(number), f"{room(0)}@{SERVER}": f"{room(number)}@{SERVER}"}
    for before, after in zip(_ids(0), _ids(number), strict=True):
        names |= {before: after, _uid(before): _uid(after)}
    for row in rows:
        # What is encoded in a row holds the names in its columns, and lengths before some of them.
        own = [text for text in row if isinstance(text, str) and text in names]
        yield tuple(_rename(value, own, names) for value in row)


def _rename(value: Any, own: list[str], names: dict[str, str]) -> Any:  # noqa: ANN401 -- any column
    if isinstance(value, bytes):
        for name in own:
            value = value.replace(name.encode(), names[name].encode())
        return value
    return names.get(value, value) if isinstance(value, str) else value


def _ids(number: int) -> list[str]:
    return [each["id"] for each in listed_by(number)]


def _uid(id_: str) -> str:
    return uid_of(Key(SERVER, id_, 0))


async def _serve_rooms() -> None:
    listed = json.dumps({"cnt": EACH, "conferences": listed_by(0)}, ensure_ascii=False)[1:-1]

    async def serve_client(socket: ServerConnection) -> None:
        number = int(socket.request.path[1:]) if socket.request else 0
        own = listed.replace(_ids(0)[0][:8], f"r{number:06}-")
        with suppress(ConnectionClosed):
            async for message in socket:
                asked = json.loads(message)
                method = asked["method"]
                known = {"method": method, "requestId": asked.get("requestId", ""), "result": True}
                if method == "getScheduler":
                    await socket.send(f"{json.dumps(known)[:-1]}, {own}}}")
                    continue
                if method == "auth":
                    known |= {"previleges": 2, "token": "t", "tokenForHttpServer": "t"}
                elif method != "setUsedApiVersion":
                    known |= answer(method, peer=f"{room(number)}@{SERVER}", domain=SERVER)
                await socket.send(json.dumps(known))

    async with serve(
        serve_client, "127.0.0.1", 0, compression=None, max_size=None, ping_interval=None, backlog=4096
    ) as server:
        click.echo(next(iter(server.sockets)).getsockname()[1])
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve_rooms())
