"""
What a form may send: so much, and not for ever.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.requests import Request
from starlette.types import ASGIApp, Message

from service.web.admin.forms import MOST_BYTES, read_form
from service.web.body import BodyRefused
from tests.web.administered import TOKEN, administered
from tests.web.browsing import form_token

FORM = b"application/x-www-form-urlencoded"
CHUNK = 4096


def scope_of(path: str = "/sign-in", *, length: int | None = None) -> dict[str, Any]:
    headers = [(b"content-type", FORM), (b"host", b"calendars.example.com")]
    if length is not None:
        headers.append((b"content-length", str(length).encode()))
    return {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": headers,
        "client": ("192.0.2.1", 5000),
        "server": ("calendars.example.com", 443),
        "scheme": "https",
        "http_version": "1.1",
    }


class Sender:
    """A client that sends without end, and counts what is taken from it."""

    def __init__(self) -> None:
        self.taken = 0
        self.answer: list[Message] = []

    async def receive(self) -> Message:
        self.taken += CHUNK
        return {"type": "http.request", "body": b"x" * CHUNK, "more_body": True}

    async def send(self, message: Message) -> None:
        self.answer.append(message)

    async def ask(self, web: ASGIApp, scope: dict[str, Any]) -> tuple[int, dict[bytes, bytes]]:
        """Send to this path; status and headers of the answer."""
        await web(scope, self.receive, self.send)
        start = self.answer[0]
        return start["status"], dict(start["headers"])


@pytest.fixture
async def web() -> AsyncIterator[ASGIApp]:
    async with administered() as site:
        yield site.web


async def test_a_body_past_the_limit_is_cut_off_there(web: ASGIApp) -> None:
    sender = Sender()
    status, headers = await sender.ask(web, scope_of())

    assert status == 413
    assert headers[b"connection"] == b"close"
    assert sender.taken <= MOST_BYTES + CHUNK


async def test_a_body_that_says_it_is_too_large_is_not_read_at_all(web: ASGIApp) -> None:
    sender = Sender()
    status, _ = await sender.ask(web, scope_of(length=MOST_BYTES + 1))

    assert (status, sender.taken) == (413, 0)


async def test_a_stopped_network_is_answered_without_reading() -> None:
    async with administered() as site:
        for _ in range(30):
            await site.client.post("/sign-in", data={"token": "wrong"})
        sender = Sender()
        scope = scope_of() | {"client": ("127.0.0.1", 5000)}
        status, headers = await sender.ask(site.web, scope)

    assert (status, sender.taken) == (429, 0)
    assert headers[b"connection"] == b"close"


@pytest.mark.parametrize("source", ["hall", "nobody"])
async def test_an_event_with_a_wrong_token_is_answered_without_reading(web: ASGIApp, source: str) -> None:
    sender = Sender()
    status, headers = await sender.ask(web, scope_of(f"/api/events/{source}"))

    assert (status, sender.taken) == (401 if source == "hall" else 404, 0)
    assert headers[b"connection"] == b"close"


async def test_a_form_of_a_session_has_the_same_limit() -> None:
    async with administered() as site:
        fields = {"form_token": await form_token(site), "calendar": "x" * MOST_BYTES, "sure": "yes"}
        answer = await site.client.post("/rotate", data=fields)

    assert answer.status_code == 413
    assert "This form cannot be read" in answer.text


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async def silence() -> Message:
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    with pytest.raises(BodyRefused) as refused:
        await read_form(Request(scope_of(), silence), most_seconds=0.01)

    assert refused.value.status == 408


async def test_a_form_just_within_the_limit_is_read() -> None:
    async with administered() as site:
        filling = "x" * (MOST_BYTES - len(f"token={TOKEN}&x=") - 100)
        answer = await site.client.post("/sign-in", data={"token": TOKEN, "x": filling})

    assert answer.status_code == 303
