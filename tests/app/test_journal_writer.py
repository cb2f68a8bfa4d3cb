from collections.abc import Sequence
from datetime import datetime, timedelta

from service.app.journal_writer import JournalWriter
from service.app.start_journal import record_start
from service.core.conference import Account
from service.core.errors import StoreUnavailable
from service.core.journal import FieldChange, Happening, JournalEntry, JournalQuery
from service.core.quiet import QuietHours, parse_quiet
from service.core.sources import SourceState
from service.settings.load import load_settings
from service.sources.status import SourceStatus
from tests.core.given import DESK, NOW, ROOM
from tests.store.memory_journal import MemoryJournal
from tests.web.given import Clock

HOUR = timedelta(hours=1)


class Flaky(MemoryJournal):
    """Cannot be written while `failing`."""

    failing = False

    async def write(self, entries: Sequence[JournalEntry]) -> None:
        if self.failing:
            raise StoreUnavailable("the disk is gone")
        await super().write(entries)


def status(state: SourceState, *, account: Account | None = None, error: str = "") -> SourceStatus:
    return SourceStatus("hall", state, account, None, error, NOW)


async def events(journal: MemoryJournal) -> list[Happening]:
    return [entry.event for entry in reversed(await journal.read(JournalQuery()))]


async def test_a_source_that_goes_down_and_comes_back_is_told_once_each() -> None:
    journal = MemoryJournal()
    writer = JournalWriter(journal, clock=lambda: NOW)
    for _ in range(3):
        writer.note_status(status(SourceState.UNREACHABLE, error="hall cannot be reached"))
    for _ in range(3):
        writer.note_status(status(SourceState.LISTENING))

    assert await writer.write()
    assert await events(journal) == [Happening.SOURCE_DOWN, Happening.SOURCE_UP]


async def test_after_a_restart_trouble_that_goes_on_is_not_told_again_but_its_end_is() -> None:
    journal = MemoryJournal()
    before = JournalWriter(journal, clock=lambda: NOW)
    before.note_status(status(SourceState.SILENT))
    await before.write()
    after = JournalWriter(journal, clock=lambda: NOW + HOUR)
    await after.recall(["hall"], {})
    after.note_status(status(SourceState.SILENT))
    after.note_status(status(SourceState.LISTENING))
    await after.write()

    assert await events(journal) == [Happening.SOURCE_DOWN, Happening.SOURCE_UP]


async def test_another_user_at_a_source_is_told_and_the_first_one_is_not() -> None:
    journal = MemoryJournal()
    writer = JournalWriter(journal, clock=lambda: NOW)
    for account in (ROOM, ROOM, DESK):
        writer.note_status(status(SourceState.LISTENING, account=account))
    await writer.write()

    (entry,) = await journal.read(JournalQuery())
    assert entry.event is Happening.LOGIN_CHANGED
    assert entry.fields == (FieldChange("account", str(ROOM), str(DESK)),)


async def test_what_cannot_be_written_now_is_written_later() -> None:
    journal = Flaky()
    journal.failing = True
    writer = JournalWriter(journal, clock=lambda: NOW)
    writer.note_status(status(SourceState.SILENT))
    assert not await writer.write()
    journal.failing = False

    assert await writer.write()
    assert await events(journal) == [Happening.SOURCE_DOWN]


async def test_a_start_with_another_version_or_other_settings_is_told_without_their_values() -> None:
    journal = MemoryJournal()
    first = load_settings({"CONFCAL_TIMEZONE": "Europe/Moscow"})
    other = load_settings({"CONFCAL_TIMEZONE": "Asia/Tokyo", "CONFCAL_ADMIN_TOKEN": "a token that is secret"})
    for settings, version in ((first, "1.0"), (first, "1.0"), (other, "1.1"), (other, "1.1")):
        await record_start(journal, settings, [b"secret"], version, NOW)

    changed, version_changed = await journal.read(JournalQuery())
    assert version_changed.fields == (FieldChange("version", "1.0", "1.1"),)
    assert changed.fields == (
        FieldChange("CONFCAL_ADMIN_TOKEN", "", "set"),
        FieldChange("CONFCAL_TIMEZONE", "set", "set"),
    )
    assert "Tokyo" not in await journal.recall("journal.settings")


OLD, NEW = b"the first secret", b"the second secret"


async def fields_after(*starts: tuple[dict[str, str], list[bytes]]) -> list[tuple[FieldChange, ...]]:
    """Return the changes that the journal tells of, the newest first."""
    journal = MemoryJournal()
    for given, secrets in starts:
        await record_start(journal, load_settings(given), secrets, "1.0", NOW)
    return [entry.fields for entry in await journal.read(JournalQuery())]


async def test_another_secret_alone_does_not_make_every_setting_look_changed() -> None:
    zone = {"CONFCAL_TIMEZONE": "Europe/Moscow", "CONFCAL_PORT": "8081"}

    assert await fields_after((zone, [OLD]), (zone, [NEW]), (zone, [NEW])) == [
        (FieldChange("CONFCAL_SECRET", "set", "set"),)
    ]


async def test_with_the_secret_before_it_what_else_changed_is_told_too() -> None:
    before = {"CONFCAL_TIMEZONE": "Europe/Moscow", "CONFCAL_PORT": "8081"}
    after = before | {"CONFCAL_PORT": "8082", "CONFCAL_SECRET_PREVIOUS": OLD.decode()}

    assert await fields_after((before, [OLD]), (after, [NEW, OLD])) == [
        (
            FieldChange("CONFCAL_SECRET", "set", "set"),
            FieldChange("CONFCAL_PORT", "set", "set"),
            FieldChange("CONFCAL_SECRET_PREVIOUS", "", "set"),
        )
    ]


def asleep(at: datetime, state: SourceState = SourceState.UNREACHABLE) -> SourceStatus:
    return SourceStatus("hall", state, None, None, "hall cannot be reached", at)


NIGHT = {"hall": QuietHours(parse_quiet("20:00-07:00"))}
TEN = NOW.replace(hour=22, minute=0)
"""In the evening."""


async def test_silence_in_quiet_hours_is_no_alarm_before_they_are_over() -> None:
    clock, journal = Clock(TEN), MemoryJournal()
    writer = JournalWriter(journal, clock=clock)
    writer.quiet = NIGHT
    for _ in range(2):
        writer.note_status(asleep(TEN))
    clock.now = TEN + 9 * HOUR
    writer.look_again()
    await writer.write()
    assert await events(journal) == [Happening.SOURCE_QUIET]

    clock.now += HOUR / 2
    writer.look_again()
    writer.look_again()
    writer.note_status(asleep(clock.now, SourceState.LISTENING))
    await writer.write()

    assert await events(journal) == [Happening.SOURCE_QUIET, Happening.SOURCE_DOWN, Happening.SOURCE_UP]
    up, down, _ = await journal.read(JournalQuery())
    assert down.fields == (FieldChange("state", "", "unreachable"),)
    assert up.fields == (FieldChange("state", "unreachable", "listening"),)


async def test_a_room_that_wakes_up_in_time_was_never_in_trouble() -> None:
    journal = MemoryJournal()
    writer = JournalWriter(journal, clock=lambda: TEN)
    writer.quiet = NIGHT
    writer.note_status(asleep(TEN))
    writer.note_status(asleep(TEN, SourceState.LISTENING))
    writer.look_again()
    await writer.write()

    assert await events(journal) == [Happening.SOURCE_QUIET, Happening.SOURCE_UP]


async def test_an_alarm_from_before_the_quiet_hours_stays_one() -> None:
    journal = MemoryJournal()
    writer = JournalWriter(journal, clock=lambda: TEN)
    writer.quiet = NIGHT
    writer.note_status(asleep(TEN - 3 * HOUR, SourceState.SILENT))
    writer.note_status(asleep(TEN))
    await writer.write()

    assert await events(journal) == [Happening.SOURCE_DOWN]


async def test_a_refused_pin_is_an_alarm_at_any_hour() -> None:
    journal = MemoryJournal()
    writer = JournalWriter(journal, clock=lambda: TEN)
    writer.quiet = NIGHT
    writer.note_status(asleep(TEN, SourceState.PIN_REJECTED))
    await writer.write()

    assert await events(journal) == [Happening.SOURCE_DOWN]


async def test_after_a_restart_quiet_is_not_told_again_and_its_end_is_an_alarm() -> None:
    clock, journal = Clock(TEN), MemoryJournal()
    before = JournalWriter(journal, clock=clock)
    before.quiet = NIGHT
    before.note_status(asleep(TEN))
    await before.write()
    after = JournalWriter(journal, clock=clock)
    after.quiet = NIGHT
    await after.recall(["hall"], {})
    after.note_status(asleep(TEN + HOUR))
    clock.now = TEN + 10 * HOUR
    after.look_again()
    await after.write()

    assert await events(journal) == [Happening.SOURCE_QUIET, Happening.SOURCE_DOWN]


async def test_a_source_that_another_replica_runs_is_looked_at_no_more() -> None:
    clock, journal = Clock(TEN), MemoryJournal()
    writer = JournalWriter(journal, clock=clock)
    writer.quiet = NIGHT
    writer.note_status(asleep(TEN))
    writer.forget("hall")
    clock.now = TEN + 10 * HOUR
    writer.look_again()
    await writer.write()

    assert await events(journal) == [Happening.SOURCE_QUIET]
