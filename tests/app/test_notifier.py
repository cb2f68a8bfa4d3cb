"""
A channel: what it remembers over restarts, what it does while its service is dead.
"""

import asyncio
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from service.app.notifier import Notifier
from service.app.notify_texts import Texts
from service.core.errors import SettingsError
from service.core.journal import FieldChange, Happening, JournalEntry
from service.core.notifications import Message, NotifyEvent, NotifyRules, Phase
from service.core.sources import SourceState
from service.core.vevent import no_translation
from service.notify.channel import Channel, ChannelFailed
from service.settings.load import load_settings
from tests.core.given import NOW
from tests.store.memory_journal import MemoryJournal
from tests.web.catalogues import catalogues

URL = "https://calendars.example.com"
RULES = NotifyRules(frozenset(NotifyEvent), after=timedelta())


class Sent(Channel):
    """Keeps what it was given; while `dead`, it takes nothing."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str]] = []
        self.tries = 0
        self.dead = False
        self.arrived = asyncio.Event()

    async def send(self, title: str, body: str) -> None:
        self.tries += 1
        if self.dead:
            raise ChannelFailed("it is dead")
        self.messages.append((title, body))
        self.arrived.set()


class Hanging(Channel):
    """Never answers."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def send(self, title: str, body: str) -> None:
        del title, body
        self.asked.set()
        await asyncio.Event().wait()


class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


def notifier(
    journal: MemoryJournal, channel: Channel, clock: Clock | None = None, rules: NotifyRules = RULES
) -> Notifier:
    return Notifier(
        "ops",
        rules,
        channel,
        journal=journal,
        texts=Texts(no_translation, ZoneInfo("Europe/Moscow"), URL),
        clock=clock or Clock(),
        names={},
    )


def down(at: datetime = NOW) -> JournalEntry:
    return JournalEntry(
        at, Happening.SOURCE_DOWN, source="hall", fields=(FieldChange("state", "", SourceState.PIN_REJECTED),)
    )


def up(at: datetime = NOW) -> JournalEntry:
    return JournalEntry(at, Happening.SOURCE_UP, source="hall")


PIN_REJECTED = "hall rejected the PIN. Set the PIN of TrueConf Room or VideoSDK."


async def test_a_new_channel_tells_what_happens_from_then_on() -> None:
    journal, channel = MemoryJournal(), Sent()
    journal.add([down()])
    sender = notifier(journal, channel)
    await sender.once()
    assert channel.messages == []

    journal.add([up(), down()])
    await sender.once()

    assert channel.messages == [
        (
            "confcal: The room hall sends no lists",
            f"The room hall sends no lists.\n2026-10-05 11:00: {PIN_REJECTED}\n\n{URL}/",
        )
    ]


async def test_a_restart_tells_nothing_twice_and_loses_nothing() -> None:
    journal, channel = MemoryJournal(), Sent()
    await notifier(journal, channel).once()
    journal.add([down()])
    await notifier(journal, channel).once()
    await notifier(journal, channel).once()
    assert [title for title, _ in channel.messages] == ["confcal: The room hall sends no lists"]

    journal.add([up()])
    await notifier(journal, channel).once()
    await notifier(journal, channel).once()
    assert [title for title, _ in channel.messages][1:] == ["confcal: The room hall sends lists again"]


async def test_a_dead_channel_is_tried_ever_more_rarely_and_then_says_everything_in_one_message() -> None:
    journal, channel, clock = MemoryJournal(), Sent(), Clock()
    sender = notifier(journal, channel, clock)
    await sender.once()
    channel.dead = True
    with capture_logs() as logs:
        for minute in range(600):
            clock.now = NOW + timedelta(minutes=minute)
            if minute % 100 == 0:
                journal.add([down(clock.now)])
            if minute % 100 == 50:
                journal.add([up(clock.now)])
            await sender.once()
    tries = channel.tries
    channel.dead = False
    clock.now += timedelta(hours=2)
    await sender.once()

    assert tries < 25
    assert [each["tries"] for each in logs if each["event"] == "notify.failed"] == [1, 2, 4, 8, 16]
    ((title, body),) = channel.messages
    assert title == "confcal: 12 messages"
    assert body.count("sends no lists") == 6
    assert body.count("sends lists again") == 6


async def test_a_message_that_was_being_sent_when_the_process_was_killed_is_not_sent_again() -> None:
    journal, hanging = MemoryJournal(), Hanging()
    killed = notifier(journal, hanging)
    await killed.once()
    journal.add([down()])
    running = asyncio.create_task(killed.once())
    await hanging.asked.wait()
    # What the database holds at the moment of the kill.
    remembered = await journal.recall("notify.ops")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await journal.remember("notify.ops", remembered)

    channel = Sent()
    await notifier(journal, channel).once()

    assert channel.messages == []


async def test_a_message_that_hangs_when_the_daemon_is_told_to_stop_is_sent_after_the_restart() -> None:
    journal, hanging = MemoryJournal(), Hanging()
    stopped = notifier(journal, hanging)
    await stopped.once()
    journal.add([down()])
    running = asyncio.create_task(stopped.run())
    await hanging.asked.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    channel = Sent()
    await notifier(journal, channel).once()

    assert len(channel.messages) == 1


async def test_who_gets_the_channel_back_from_another_replica_does_not_repeat_what_that_one_sent() -> None:
    journal, here, there = MemoryJournal(), Sent(), Sent()
    ours, theirs = notifier(journal, here), notifier(journal, there)
    await ours.once()
    journal.add([down()])
    await theirs.once()
    assert len(there.messages) == 1

    journal.listen(ours.wake.set)
    running = asyncio.create_task(ours.run())
    journal.add([up()])
    async with asyncio.timeout(60):
        await here.arrived.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert [title for title, _ in here.messages] == ["confcal: The room hall sends lists again"]


async def test_an_entry_wakes_the_channel() -> None:
    journal, hanging = MemoryJournal(), Hanging()
    sender = notifier(journal, hanging)
    await sender.once()
    journal.listen(sender.wake.set)
    running = asyncio.create_task(sender.run())
    journal.add([down()])
    async with asyncio.timeout(60):
        await hanging.asked.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("event", [*NotifyEvent])
@pytest.mark.parametrize("phase", [Phase.BEGAN, Phase.ENDED, Phase.HAPPENED])
def test_every_message_is_a_sentence_in_both_languages(
    language: str, event: NotifyEvent, phase: Phase
) -> None:
    texts = Texts(catalogues()[language].gettext, ZoneInfo("Europe/Moscow"), URL)
    message = Message(phase, event, "the subject", NOW, NOW, "why", {"missing": 3, "upcoming": 12})

    title, body = texts.describe([message], dropped=2)

    assert "the subject" in title
    assert body.endswith(URL + "/")
    assert "{" not in title + body
    assert (language == "ru") == any("а" <= letter <= "я" for letter in title)


def test_a_digest_says_what_changed_and_what_waits() -> None:
    texts = Texts(no_translation, ZoneInfo("Europe/Moscow"), URL)
    quiet = Message(Phase.DIGEST, None, "", NOW, NOW, numbers={"open": 0})
    busy = Message(Phase.DIGEST, None, "", NOW, NOW, numbers={"conference_added": 3, "open": 1})

    assert "Nothing changed." in texts.describe([quiet], 0)[1]
    title, body = texts.describe([busy], 0)
    assert title == "confcal: what happened since 2026-10-05 11:00"
    assert "Conferences added: 3\nWaiting for you now: 1" in body


def test_the_settings_of_a_channel_are_checked_when_they_are_read() -> None:
    given = {"CONFCAL_NOTIFY__OPS__URL": "json://127.0.0.1/x"}
    for name, value, sentence in (
        ("EVENTS", "room_silence", "did you mean room_silent?"),
        ("EVENTS", "everything", "it may be room_silent, held"),
        ("DIGEST", "8 o'clock", "write a time of day, like 08:00"),
        ("AFTER", "soon", "write seconds, or ISO 8601 like PT15M"),
    ):
        with pytest.raises(SettingsError) as refused:
            load_settings({**given, f"CONFCAL_NOTIFY__OPS__{name}": value})
        assert sentence in str(refused.value)
        assert f"CONFCAL_NOTIFY__OPS__{name}" in str(refused.value)
