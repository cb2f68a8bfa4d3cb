from collections.abc import Sequence
from datetime import timedelta

from service.app.journal_writer import JournalWriter
from service.app.start_journal import record_start
from service.core.conference import Account
from service.core.errors import StoreUnavailable
from service.core.journal import FieldChange, Happening, JournalEntry, JournalQuery
from service.core.sources import SourceState
from service.settings.load import load_settings
from service.sources.status import SourceStatus
from tests.core.given import DESK, NOW, ROOM
from tests.store.memory_journal import MemoryJournal

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
