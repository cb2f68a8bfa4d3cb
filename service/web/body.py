"""
The body of a request, bounded before and after it is unpacked.
"""

import asyncio
import zlib

from starlette.requests import ClientDisconnect, Request

_GZIP = 16 + zlib.MAX_WBITS

UNREAD = {"Connection": "close"}
"""For an answer that does not wait for the body, which the server would otherwise read to its end."""


class BodyRefused(Exception):
    """
    A body that is not taken: the status to answer with, and a sentence.
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


async def read_body(request: Request, *, most: int) -> bytes:
    """
    Return the body, unpacked where it is gzip. Raises BodyRefused where it holds more than `most` bytes.

    No more than that is ever in memory, however much a small body unpacks to.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", "x-gzip"}:
        raise BodyRefused(415, "Send the body as it is, or packed with gzip.")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise _too_large(most)
    unpack: _Plain | _Gzip = _Plain() if encoding == "identity" else _Gzip()
    parts: list[bytes] = []
    left, packed_left = most, most
    try:
        async for chunk in request.stream():
            packed_left -= len(chunk)
            part = await unpack.feed(chunk, left + 1)
            left -= len(part)
            if left < 0 or packed_left < 0:
                raise _too_large(most)
            parts.append(part)
    except ClientDisconnect:
        raise BodyRefused(400, "The body ended early.") from None
    unpack.end()
    return b"".join(parts)


class _Plain:
    async def feed(self, chunk: bytes, most: int) -> bytes:
        return chunk[:most]

    def end(self) -> None:
        pass


class _Gzip:
    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP)

    async def feed(self, chunk: bytes, most: int) -> bytes:
        try:
            # In a thread: a few kilobytes may unpack to all that is taken.
            part = await asyncio.to_thread(self._stream.decompress, chunk, most)
        except zlib.error:
            raise BodyRefused(400, "The body is not gzip, though its Content-Encoding says so.") from None
        if self._stream.unused_data:
            raise BodyRefused(400, "The body goes on behind its gzip stream; send one stream.")
        return part

    def end(self) -> None:
        if not self._stream.eof:
            raise BodyRefused(400, "The gzip stream of the body ends early.")


def _too_large(most: int) -> BodyRefused:
    return BodyRefused(413, f"The body is too large; at most {most // 2**20} MiB are taken, unpacked.")
