"""
Events that are posted while another process writes to the database.
"""

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.core.errors import StaleState
from service.trueconf.receipts import AcceptedEvent
from service.web.api.ingest import Ingest
from service.web.gate import Gate
from service.web.guesses import GuessRules
from service.web.network import Networks
from tests.web.given import BASE, Clock


async def test_an_event_is_sent_again_later_while_another_process_keeps_writing() -> None:
    async def accept(_source: str, _event: bytes) -> AcceptedEvent:
        raise StaleState("another process keeps writing to the same database")

    gate = Gate(Networks(), GuessRules(free=10, until_stop=30), clock=Clock())
    ingest = Ingest({"hall": "secret"}, accept, gate)

    async def endpoint(request: Request) -> Response:
        return await ingest(request)

    app = Starlette(routes=[Route("/api/events/{source}", endpoint, methods=["POST"])])
    headers = {"Authorization": "Bearer secret"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
        answer = await client.post("/api/events/hall", json={}, headers=headers)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
