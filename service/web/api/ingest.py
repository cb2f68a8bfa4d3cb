"""
`POST /api/events/{source}`: a conferenceList event from whoever holds the source's token.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from service.core.errors import FrameRejected, SourceFlooded, StaleState, StoreUnavailable
from service.trueconf.receipts import AcceptedEvent
from service.web.api.bearer import CHALLENGE, bearer_of, same_token
from service.web.api.problem import answer, problem, too_many
from service.web.body import UNREAD, BodyRefused, read_body
from service.web.gate import Gate

MOST_BYTES = 16 * 2**20

_MOST_UNDERWAY = 4
"""Requests of one source at a time: each may take that much memory."""

_NO_JSON = "frame"
"""The field of a rejection that is about the whole event."""


AcceptEvent = Callable[[str, bytes], Awaitable[AcceptedEvent]]
"""Takes over an event of a source; raises FrameRejected, SourceFlooded, StoreUnavailable and StaleState."""


@dataclass(frozen=True, slots=True)
class Ingest:
    """
    Takes events.
    """

    tokens: Mapping[str, str]
    """By source."""

    accept: AcceptEvent
    gate: Gate
    _underway: Counter[str] = field(default_factory=Counter)
    """How many requests of a source are being read or taken over."""

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        source = request.path_params["source"]
        expected = self.tokens.get(source)
        subject = source if expected is not None else ""
        stopped = self.gate.stop_seconds(request.scope, subject=subject)
        if stopped:
            return too_many(stopped)
        if expected is None or not same_token(bearer_of(request), expected):
            return await self._refusal(request, subject)
        if self._underway[source] >= _MOST_UNDERWAY:
            return _refuse_flood("Events of this source are still being taken; send this one again later.", 1)
        self._underway[source] += 1
        try:
            return await self._accept(source, await _json(request))
        except BodyRefused as refused:
            headers = {"Accept-Encoding": "gzip, identity"} if refused.status == _UNSUPPORTED else {}
            return problem(refused.status, refused.detail, headers=headers)
        finally:
            self._underway[source] -= 1

    async def _refusal(self, request: Request, subject: str) -> Response:
        wait = await self.gate.fail(request.scope, way="events", subject=subject)
        if wait:
            return too_many(wait)
        if not subject:
            detail = "No source of this name takes events; set its INGEST_TOKEN."
            return problem(404, detail, headers=UNREAD)
        detail = "Send the source's INGEST_TOKEN as bearer token."
        return problem(401, detail, headers={**CHALLENGE, **UNREAD})

    async def _accept(self, source: str, event: bytes) -> Response:
        try:
            return answer(await self.accept(source, event), 202)
        except FrameRejected as rejected:
            status = 400 if rejected.field == _NO_JSON else 422
            return problem(status, _sentence(rejected.reason), field=rejected.field)
        except SourceFlooded as flooded:
            detail = "This source posts more than is taken; wait as long as Retry-After says."
            return _refuse_flood(detail, flooded.wait_seconds)
        except (StoreUnavailable, StaleState):
            detail = "The database cannot be written at the moment; send the event again later."
            return problem(503, detail, headers={"Retry-After": "60"})


_UNSUPPORTED = 415


def _refuse_flood(detail: str, wait_seconds: int) -> Response:
    return problem(429, detail, headers={"Retry-After": str(wait_seconds)})


async def _json(request: Request) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise BodyRefused(_UNSUPPORTED, "Send the event as application/json.")
    body = await read_body(request, most=MOST_BYTES)
    if not body:
        raise BodyRefused(400, "The body is empty; send a conferenceList event.")
    return body


def _sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:]}."
