"""
The daemon sends messages: over a real receiver, beside a service that never answers.
"""

import asyncio
from pathlib import Path

from tests.e2e.given import once
from tests.e2e.program import Home, room
from tests.e2e.receiver import Receiver
from tests.listening import listening


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    del writer
    while await reader.read(65536):
        pass


async def test_a_room_that_goes_and_returns_is_two_messages_though_another_service_hangs(
    home: Home, tmp_path: Path
) -> None:
    receiver = Receiver()
    async with listening(receiver.talk) as taking, listening(hang) as hanging:
        settings = {
            "PUBLIC_URL": "https://calendars.example.com",
            "NOTIFY__OPS__URL": f"json://127.0.0.1:{taking.port}/hook",
            "NOTIFY__OPS__AFTER": "0",
            "NOTIFY__DEAD__URL": f"json://user:hunter2@127.0.0.1:{hanging.port}/hook",
            "NOTIFY__DEAD__AFTER": "0",
        }
        async with room(tmp_path, conferences=(once(),)) as first:
            port = first.url.rpartition(":")[2]
            daemon = home.daemon(first.url, **settings)
            running = await daemon.__aenter__()
            await running.program.event("trueconf.account_known")
        try:
            async with asyncio.timeout(60):
                gone = await receiver.received.get()
            async with (
                room(tmp_path, "--port", port, conferences=(once(),)),
                asyncio.timeout(120),
            ):
                back = await receiver.received.get()
                await running.program.event("notify.failed")
            assert await running.program.end() == 0
            log = "\n".join(running.program.err)
        finally:
            await daemon.__aexit__(None, None, None)

    assert gone["title"] == "confcal: The room lobby sends no lists"
    assert gone["message"].endswith("https://calendars.example.com/")
    assert back["title"] == "confcal: The room lobby sends lists again"
    assert receiver.received.empty()
    assert "hunter2" not in log
