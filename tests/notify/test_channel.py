"""
Apprise, with a real mail server and a real receiver of webhooks on loopback.
"""

import asyncio
import json
import logging
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from service.core.errors import SettingsError
from service.notify.channel import AppriseChannel, ChannelFailed, open_channel
from tests.listening import listening

VARIABLE = "CONFCAL_NOTIFY__OPS__URL"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Mailbox:
    """Keeps the mail that a server was given."""

    def __init__(self) -> None:
        self.letters: list[str] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        del server, session
        assert envelope.content is not None
        self.letters.append(bytes(envelope.original_content or b"").decode())
        return "250 OK"


@asynccontextmanager
async def webhook(status: str = "200 OK") -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """Give the address of a receiver, and what it received."""
    received: list[dict[str, Any]] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        fields = (line.lower().split(b":") for line in head.splitlines())
        length = next(int(field[1]) for field in fields if field[0] == b"content-length")
        received.append(json.loads(await reader.readexactly(length)))
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()

    async with listening(answer) as server:
        yield f"json://127.0.0.1:{server.port}/hook", received


async def test_a_message_arrives_by_mail() -> None:
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        url = f"mailto://127.0.0.1:{controller.port}?from=confcal@example.com&to=ops@example.com"
        await open_channel(VARIABLE, url).send("confcal: Планёрка", "The room hall sends no lists.")
    finally:
        controller.stop()

    (letter,) = mailbox.letters
    assert "ops@example.com" in letter
    assert "The room hall sends no lists." in letter


async def test_a_message_arrives_at_a_webhook() -> None:
    async with webhook() as (url, received):
        await open_channel(VARIABLE, url).send("confcal: a test", "первая строка\nsecond <line>")

    (message,) = received
    assert message["title"] == "confcal: a test"
    assert message["message"] == "первая строка\nsecond <line>"


async def test_a_service_that_refuses_is_an_error_without_its_address() -> None:
    async with webhook("403 Forbidden") as (url, _):
        secret = url.replace("json://", "json://user:hunter2@")
        with pytest.raises(ChannelFailed) as failed:
            await open_channel(VARIABLE, secret).send("t", "b")

    assert "hunter2" not in str(failed.value)
    assert "127.0.0.1" not in str(failed.value)


async def test_nothing_of_an_address_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        channel = open_channel(VARIABLE, f"json://user:hunter2@127.0.0.1:{free_port()}/hook")
        with pytest.raises(ChannelFailed):
            await channel.send("t", "b")
        for bad in ("json://", "tgram://hunter2", "nothing:hunter2", "hunter2"):
            with pytest.raises(SettingsError) as refused:
                open_channel(VARIABLE, bad)
            assert "hunter2" not in str(refused.value)
            assert VARIABLE in str(refused.value)

    assert "hunter2" not in "".join(
        record.getMessage() for record in caplog.records if record.name == "apprise"
    )


async def test_a_service_that_hangs_delays_nothing_and_is_not_asked_twice() -> None:
    hung, loop = asyncio.Event(), asyncio.get_running_loop()
    go_on = threading.Event()

    def notify(title: str, body: str) -> bool:
        del title, body
        loop.call_soon_threadsafe(hung.set)
        return go_on.wait(60)

    channel = AppriseChannel(notify, "Mail")
    first = asyncio.create_task(channel.send("t", "b"))
    await hung.wait()
    with pytest.raises(ChannelFailed, match="Mail has not answered to the last message yet"):
        await channel.send("t", "b")

    go_on.set()
    await first


async def test_whatever_a_plugin_raises_is_a_failed_message() -> None:
    def notify(title: str, body: str) -> bool:
        raise ZeroDivisionError(title, body)

    with pytest.raises(ChannelFailed, match="Mail did not take the message"):
        await AppriseChannel(notify, "Mail").send("t", "b")
