"""
The fields that a page's form sends.
"""

import asyncio
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from service.web.body import BodyRefused, read_body

MOST_BYTES = 16 * 1024
_MOST_SECONDS = 15
_KIND = "application/x-www-form-urlencoded"


async def read_form(request: Request, *, most_seconds: float = _MOST_SECONDS) -> Mapping[str, str]:
    """
    Return the fields by name, the last of each; no fields if the body is not a form.

    Raises BodyRefused, without reading on, if the body is larger than our forms or arrives too slowly.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _KIND:
        return {}
    try:
        async with asyncio.timeout(most_seconds):
            body = await read_body(request, most=MOST_BYTES)
    except TimeoutError:
        raise BodyRefused(408, "The form did not arrive in time.") from None
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=20))
    except ValueError:
        return {}


def from_elsewhere(request: Request) -> bool:
    """
    Return whether the browser says that another site made it send this request (Fetch Metadata).

    Browsers say so only over https and to this machine; the token in the form protects everywhere.
    """
    return request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}
