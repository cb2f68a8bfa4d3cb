"""
What a form of a page sends.
"""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from service.web.body import BodyRefused, read_body

_MOST_BYTES = 16 * 1024
_KIND = "application/x-www-form-urlencoded"


async def read_form(request: Request) -> Mapping[str, str]:
    """Return the fields by name, the last of each; none of them where this is no form."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _KIND:
        return {}
    try:
        body = await read_body(request, most=_MOST_BYTES)
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=20))
    except (BodyRefused, ValueError):
        return {}


def from_elsewhere(request: Request) -> bool:
    """
    Return whether the browser says that another site made it send this request (Fetch Metadata).

    It says so over https and to this machine only; what must hold everywhere is the token in the form.
    """
    return request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}
