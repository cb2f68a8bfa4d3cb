"""
The body of an answer, read as it was sent and up to a limit.
"""

from collections.abc import AsyncIterator
from io import BytesIO

import httpx

from service.caldav.turns import Turn
from service.core.errors import Fatal

_LARGE_OCTETS = 1024 * 1024
_MB = 1024 * 1024
_PLAIN = frozenset({"", "identity"})


async def read_body(response: httpx.Response, *, place: str, most_octets: int, turn: Turn) -> bytes:
    """
    Return the body. Large bodies are read one at a time, by `turn`.

    Raises Fatal where it is longer than `most_octets` or compressed, which was not asked for; Retryable where
    a large one takes too long.
    """
    encodings = {word.strip().lower() for word in response.headers.get("content-encoding", "").split(",")}
    if encodings - _PLAIN:
        # Nothing is unpacked: five kilobytes may stand for gigabytes.
        raise Fatal(
            f"{place} compresses its answer, which was not asked for: switch compression off for CalDAV there"
        )
    # It grows in place and hands over its own bytes; a list of parts would hold all of them twice.
    whole = BytesIO()
    size = 0
    async with turn.receive(place) as arrival:
        async for part in _receive(response):
            size += len(part)
            if size > most_octets:
                raise Fatal(f"{place} sends more than {_describe_size(most_octets)} at once")
            if size > _LARGE_OCTETS:
                await arrival.large()
            whole.write(part)
    return whole.getvalue()


async def _receive(response: httpx.Response) -> AsyncIterator[bytes]:
    if response.is_stream_consumed:
        # A transport in memory has read the whole body already.
        yield response.content
        return
    async for part in response.aiter_raw():
        yield part


def _describe_size(octets: int) -> str:
    return f"{octets // _MB} MB" if octets >= _MB else f"{octets // 1024} kB"
