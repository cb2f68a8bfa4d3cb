"""
How the documents of endpoints are fetched: short ones, from the local network, within bounds.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from service.trueconf.causes import AsksForTls, Cause, describe_status, reason_of
from service.trueconf.discovery import Fetch

_ASKING = {"User-Agent": "confcal", "Accept-Encoding": "identity"}
_LARGEST_DOCUMENT = 1024 * 1024
_OF_TLS = re.compile(rb"to https port|to an ssl-enabled server port|to an https server", re.IGNORECASE)


@asynccontextmanager
async def http_fetch(*, limit_seconds: float = 15) -> AsyncIterator[Fetch]:
    """
    Yield a function that fetches one short document.

    It raises OSError without a good answer within `limit_seconds`.
    """
    # Endpoints stand in the local network: no proxy from the environment is on the way to them.
    async with httpx.AsyncClient(
        verify=ssl.create_default_context(), trust_env=False, timeout=10, headers=_ASKING
    ) as http:

        async def fetch(url: str) -> bytes:
            try:
                # httpx limits each read by itself, so a server that sends a byte now and then would never
                # time out.
                async with asyncio.timeout(limit_seconds), http.stream("GET", url) as response:
                    await _refuse_plain_http(response)
                    response.raise_for_status()
                    return await _short(response)
            except httpx.HTTPStatusError as error:
                status, location = error.response.status_code, error.response.headers.get("Location", "")
                raise ConnectionError(describe_status(status, location)) from error
            except TimeoutError as error:
                raise ConnectionError("it did not answer in time") from error
            except ConnectionError:
                raise
            # InvalidURL is not an HTTPError: only the parser of httpx refuses some names. Any other error
            # that an answer provokes in the library is trouble of one endpoint.
            except Exception as error:
                raise ConnectionError(reason_of(error)) from error

        yield fetch


async def _refuse_plain_http(response: httpx.Response) -> None:
    """Raise AsksForTls for the answer of nginx, Apache or Go to plain http on a port of TLS."""
    if response.status_code == httpx.codes.BAD_REQUEST and _OF_TLS.search(await _short(response)):
        raise AsksForTls(Cause.TLS_ONLY.reason)


async def _short(response: httpx.Response) -> bytes:
    """
    Return the body.

    Raises ConnectionError for a compressed body, or one that is longer than such a document can be.
    """
    # A few compressed kilobytes may hold gigabytes, so a compressed body is refused without measuring it.
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
        raise ConnectionError("its answer is packed, though that was not asked for")
    body = bytearray()
    async for part in response.aiter_raw():
        body += part
        if len(body) > _LARGEST_DOCUMENT:
            raise ConnectionError(f"its answer is longer than {_LARGEST_DOCUMENT} bytes")
    return bytes(body)
