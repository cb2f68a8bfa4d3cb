import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from service.app.synchronizer import Synchronizer
from service.core.changes import Arrival, Changes, Edit, Refusal
from service.core.conference import Account, Key, Rejection
from service.core.errors import StaleState, StoreUnavailable
from service.core.journal import JournalEntry
from service.core.revision import Policy
from service.core.schedule import Weekday
from service.core.state import State
from service.core.vevent import Rendering, uid_of
from service.core.weekly import WeeklyRules
from tests.core.given import DESK, NOW, ROOM, SERVER, conference, listed, once, room, weekly
from tests.store.memory import MemoryStore

LATER = NOW + timedelta(hours=1)
POLICY = Policy()
IN_TOKYO = Policy(default=Rendering(WeeklyRules("Asia/Tokyo")))


class Telltale:
    """Counts how often it was told of a change."""

    def __init__(self, synchronizer: Synchronizer) -> None:
        self.times = 0
        synchronizer.listen(self._told)

    def _told(self) -> None:
        self.times += 1


class BrokenStore(MemoryStore):
    """Cannot be reached while `broken`."""

    broken = False

    async def record(self, changes: Changes, *, version: int, journal: Sequence[JournalEntry] = ()) -> int:
        if self.broken:
            raise StoreUnavailable("the disk is full")
        return await super().record(changes, version=version, journal=journal)

    async def load(self) -> State:
        if self.broken:
            raise StoreUnavailable("the disk is full")
        return await super().load()


class ContestedStore(MemoryStore):
    """Somebody else changes the same conferences between any load and the record after it."""

    theirs: tuple[Edit, ...] = ()

    async def record(self, changes: Changes, *, version: int, journal: Sequence[JournalEntry] = ()) -> int:
        self.theirs = changes.edits or self.theirs
        await super().record_rendering("theirs", self.theirs, version=await self.version())
        return await super().record(changes, version=version, journal=journal)


class CountingStore(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.rendered: list[Sequence[Edit]] = []

    async def record_rendering(self, digest: str, edits: Sequence[Edit], *, version: int) -> int:
        self.rendered.append(edits)
        return await super().record_rendering(digest, edits, version=version)


async def test_a_list_is_recorded_and_told_on() -> None:
    store = MemoryStore()
    synchronizer = Synchronizer(store, POLICY)
    telltale = Telltale(synchronizer)

    changes = await synchronizer.accept(listed(conference("100"), room("900")))

    assert len(changes.edits) == 2
    assert [vevent.uid for vevent in await store.vevents("full-en")] == [uid_of(Key(SERVER, "100"))]
    assert (await store.load()).entries.keys() == {Key(SERVER, "100"), Key(SERVER, "900")}
    assert synchronizer.heard.is_set()
    assert telltale.times == 1


async def test_those_who_are_told_find_the_change_already_recorded() -> None:
    store = MemoryStore()
    synchronizer = Synchronizer(store, POLICY)
    seen: list[int] = []
    synchronizer.listen(lambda: seen.append(len(synchronizer.state.entries)))

    await synchronizer.accept(listed(conference()))

    assert seen == [1]
    assert synchronizer.state.version == await store.version()


async def test_an_empty_list_of_a_new_account_is_told_on_for_its_calendar_exists_now() -> None:
    synchronizer = Synchronizer(MemoryStore(), POLICY)
    telltale = Telltale(synchronizer)

    await synchronizer.accept(listed())
    await synchronizer.accept(listed(at=LATER))

    assert telltale.times == 1


async def test_an_unchanged_list_tells_nobody() -> None:
    synchronizer = Synchronizer(MemoryStore(), POLICY)
    await synchronizer.accept(listed(conference()))
    version = synchronizer.state.version
    telltale = Telltale(synchronizer)

    await synchronizer.accept(listed(conference(), at=LATER))

    assert telltale.times == 0
    assert synchronizer.state.version == version
    assert synchronizer.state.account(listed().account).list_at == LATER


async def test_a_conference_that_starts_and_stops_tells_nobody() -> None:
    store = MemoryStore()
    synchronizer = Synchronizer(store, POLICY)
    await synchronizer.accept(listed(conference()))
    before = await store.vevents("full-en")
    telltale = Telltale(synchronizer)

    running = replace(conference(), state="running", session_id="abc@video")
    await synchronizer.accept(listed(running, at=LATER))

    assert telltale.times == 0
    assert await store.vevents("full-en") == before
    assert synchronizer.latest["lobby"].listing.conferences[0].state == "running"


async def test_after_another_writer_the_list_is_revised_anew() -> None:
    store = MemoryStore()
    ours, theirs = Synchronizer(store, POLICY), Synchronizer(store, POLICY)
    await ours.accept(listed(conference("100")))
    await theirs.accept(listed(conference("200"), at=LATER, account=DESK))

    changes = await ours.accept(listed(conference("100"), conference("300"), at=LATER))

    assert [edit.entry.key.id for edit in changes.edits] == ["300"]
    assert {key.id for key in ours.state.entries} == {"100", "200", "300"}
    assert (await store.load()).version == ours.state.version


async def test_two_writers_that_know_the_same_conference_do_not_revise_it_twice() -> None:
    store = MemoryStore()
    ours, theirs = Synchronizer(store, POLICY), Synchronizer(store, POLICY)
    await theirs.accept(listed(conference()))

    changes = await ours.accept(listed(conference(), at=LATER))

    assert changes.edits == ()
    assert ours.state.entry(SERVER, "100").revision.sequence == 0


class MeanwhileStore(MemoryStore):
    """While an arrival is recorded, something else happens in the same process."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def record_arrivals(self, arrivals: Sequence[Arrival]) -> Sequence[Refusal | None]:
        recorded = await super().record_arrivals(arrivals)
        if happen := self.meanwhile:
            self.meanwhile = None
            await happen()
        return recorded


async def test_an_unchanged_list_is_decided_anew_where_its_account_changed_while_it_was_recorded() -> None:
    store = MeanwhileStore()
    synchronizer = Synchronizer(store, POLICY)
    await synchronizer.accept(listed(conference("100")))
    other = listed(conference("100", topic="Other"), at=LATER, source="hall")
    store.meanwhile = lambda: synchronizer.accept(other)

    changes = await synchronizer.accept(listed(conference("100"), at=LATER + timedelta(minutes=1)))

    assert [edit.entry.conference.topic for edit in changes.edits] == [conference("100").topic]
    assert synchronizer.state.entry(SERVER, "100").revision.sequence == 2
    assert synchronizer.state == await store.load()


async def test_an_unchanged_list_leaves_what_another_account_changed_while_it_was_recorded() -> None:
    store = MeanwhileStore()
    synchronizer = Synchronizer(store, POLICY)
    await synchronizer.accept(listed(conference("100")))
    store.meanwhile = lambda: synchronizer.accept(listed(conference("200"), at=LATER, account=DESK))

    changes = await synchronizer.accept(listed(conference("100"), at=LATER))

    assert changes.empty
    assert {key.id for key in synchronizer.state.entries} == {"100", "200"}
    assert synchronizer.state == await store.load()


async def test_lists_that_change_nothing_do_not_wait_for_each_other() -> None:
    store = MemoryStore()
    synchronizer = Synchronizer(store, POLICY)
    accounts = [Account(f"user{number}", SERVER) for number in range(20)]
    for account in accounts:
        await synchronizer.accept(listed(conference("100"), account=account))

    again = (synchronizer.accept(listed(conference("100"), at=LATER, account=each)) for each in accounts)
    await asyncio.gather(*again)

    assert {known.list_at for known in synchronizer.state.accounts.values()} == {LATER}
    assert synchronizer.state == await store.load()


async def test_a_writer_that_never_gets_its_turn_gives_up_with_a_reason() -> None:
    synchronizer = Synchronizer(ContestedStore(), POLICY)

    with pytest.raises(StaleState, match="keep recording"):
        await synchronizer.accept(listed(conference()))

    assert not synchronizer.heard.is_set()


async def test_while_the_store_fails_nothing_changes_and_the_list_can_come_again() -> None:
    store = BrokenStore()
    synchronizer = Synchronizer(store, POLICY)
    await synchronizer.accept(listed(conference("100")))
    before = synchronizer.state
    telltale = Telltale(synchronizer)

    store.broken = True
    with pytest.raises(StoreUnavailable):
        await synchronizer.accept(listed(conference("100"), conference("200"), at=LATER))
    assert synchronizer.state is before
    assert telltale.times == 0

    store.broken = False
    await synchronizer.accept(listed(conference("100"), conference("200"), at=LATER))
    assert {key.id for key in synchronizer.state.entries} == {"100", "200"}
    assert telltale.times == 1


async def test_lists_that_arrive_together_are_recorded_one_after_the_other() -> None:
    synchronizer = Synchronizer(MemoryStore(), POLICY)

    await asyncio.gather(
        synchronizer.accept(listed(conference("100"))),
        synchronizer.accept(listed(conference("200"), account=DESK, source="hall")),
    )

    assert {key.id for key in synchronizer.state.entries} == {"100", "200"}
    assert synchronizer.state.version == 2


async def test_a_start_with_the_same_settings_renders_nothing() -> None:
    store = CountingStore()
    await Synchronizer(store, POLICY).start(rendering="same", now=NOW)
    store.rendered.clear()
    again = Synchronizer(store, POLICY)

    await again.start(rendering="same", now=LATER)

    assert store.rendered == []


async def test_a_start_loads_what_is_known() -> None:
    store = MemoryStore()
    await Synchronizer(store, POLICY).accept(listed(conference()))
    again = Synchronizer(store, POLICY)

    await again.start(rendering="", now=LATER)

    assert again.state == await store.load()
    assert not again.heard.is_set()


async def test_new_settings_move_the_revisions_of_what_looks_different_only() -> None:
    store = MemoryStore()
    before = Synchronizer(store, POLICY)
    await before.start(rendering="utc", now=NOW)
    await before.accept(listed(conference("once", schedule=once()), conference("week", schedule=weekly())))
    after = Synchronizer(store, IN_TOKYO)

    await after.start(rendering="tokyo", now=LATER)

    assert after.state.entry(SERVER, "once").revision == before.state.entry(SERVER, "once").revision
    revision = after.state.entry(SERVER, "week").revision
    assert (revision.sequence, revision.revised_at) == (1, LATER)
    bodies = b"".join(vevent.body for vevent in await store.vevents("full-en"))
    assert b"DTSTART;TZID=Asia/Tokyo:20261005T160000" in bodies
    assert await store.rendering() == "tokyo"


async def test_settings_that_show_nowhere_leave_every_byte() -> None:
    store = MemoryStore()
    before = Synchronizer(store, POLICY)
    await before.accept(listed(conference("once"), conference("week", schedule=weekly())))
    vevents = await store.vevents("full-en")

    await Synchronizer(store, POLICY).start(rendering="another digest", now=LATER)

    assert await store.vevents("full-en") == vevents


async def test_time_by_which_the_clock_was_set_forward_is_no_time_to_be_missing() -> None:
    store = MemoryStore()
    synchronizer = Synchronizer(store, POLICY)
    nine = [conference(str(number)) for number in range(1, 10)]
    minutes, jump = timedelta(minutes=1), timedelta(hours=2)
    await synchronizer.accept(listed(*nine, at=NOW))
    await synchronizer.accept(listed(*nine[1:], at=NOW + 5 * minutes))

    await synchronizer.wait_longer(jump)
    early = await synchronizer.accept(listed(*nine[1:], at=NOW + jump + 10 * minutes))
    late = await synchronizer.accept(listed(*nine[1:], at=NOW + jump + 20 * minutes))

    assert not early.departures
    assert late.departures == {"1"}


async def test_a_hold_waits_anew_as_well() -> None:
    synchronizer = Synchronizer(MemoryStore(), POLICY)
    nine = [conference(str(number)) for number in range(1, 10)]
    minutes, jump = timedelta(minutes=1), timedelta(hours=2)
    await synchronizer.accept(listed(*nine, at=NOW))
    for minute in (5, 10):
        await synchronizer.accept(listed(nine[0], at=NOW + minute * minutes))

    await synchronizer.wait_longer(jump)
    early = await synchronizer.accept(listed(nine[0], at=NOW + jump + 15 * minutes))
    late = await synchronizer.accept(listed(nine[0], at=NOW + jump + 70 * minutes))

    assert (len(early.departures), len(late.departures)) == (0, 8)


async def test_a_series_that_fits_no_reading_is_a_warning() -> None:
    synchronizer = Synchronizer(MemoryStore(), POLICY)
    with capture_logs() as told:
        fitting = conference("1", schedule=weekly("2026-10-05 07:00", Weekday.MO))
        odd = conference("2", schedule=weekly("2026-10-05 07:00", Weekday.TH))
        await synchronizer.accept(listed(fitting, odd))

    levels = {
        event["conference"]: event["log_level"] for event in told if event["event"] == "sync.weekly_read"
    }
    assert levels == {"1": "info", "2": "warning"}


async def test_a_refresh_notices_another_writer_once() -> None:
    store = MemoryStore()
    ours, theirs = Synchronizer(store, POLICY), Synchronizer(store, POLICY)
    telltale = Telltale(ours)
    await theirs.accept(listed(conference()))

    await ours.refresh()
    await ours.refresh()

    assert telltale.times == 1
    assert ours.state == await store.load()


async def test_a_refresh_after_ones_own_writing_tells_nobody() -> None:
    synchronizer = Synchronizer(MemoryStore(), POLICY)
    await synchronizer.accept(listed(conference()))
    telltale = Telltale(synchronizer)

    await synchronizer.refresh()

    assert telltale.times == 0


async def test_how_a_series_is_read_is_told_once_with_the_reason() -> None:
    synchronizer = Synchronizer(MemoryStore(), POLICY)
    with capture_logs() as logs:
        for _ in range(2):
            await synchronizer.accept(listed(conference("100"), conference("200", schedule=weekly())))

    (told,) = [each for each in logs if each["event"] == "sync.weekly_read"]
    assert (told["conference"], told["days"]) == ("200", "local")
    assert told["reason"]


async def test_what_every_list_gets_wrong_is_told_once() -> None:
    synchronizer = Synchronizer(MemoryStore(), POLICY)
    missing = Rejection("300", "schedule.days", "missing")
    other = Rejection("400", "id", "empty")
    with capture_logs() as logs:
        for rejections in ((missing,), (missing,), (missing, other)):
            snapshot = listed(conference("100"))
            listing = replace(snapshot.listing, rejections=rejections)
            await synchronizer.accept(replace(snapshot, listing=listing))

    told = [each["conference"] for each in logs if each["event"] == "sync.conference_rejected"]
    assert told == ["300", "400"]


async def test_many_that_are_wrong_in_the_same_way_are_told_in_one_line() -> None:
    synchronizer = Synchronizer(MemoryStore(), POLICY)
    with capture_logs() as logs:
        for ids in (range(500), range(300, 900)):
            snapshot = listed(conference("100"))
            wrong = tuple(Rejection(f"r{number}", "schedule.days", f"got {number} values") for number in ids)
            await synchronizer.accept(replace(snapshot, listing=replace(snapshot.listing, rejections=wrong)))

    told = [each for each in logs if each["event"] == "sync.conference_rejected"]
    assert [(each["conference"], each["count"]) for each in told] == [("r0", 500)]


async def test_a_user_whose_id_is_written_in_another_case_keeps_the_calendar() -> None:
    synchronizer = Synchronizer(MemoryStore(), POLICY)
    first, again = Account("Ivanov", SERVER), Account("ivanov", SERVER)

    await synchronizer.accept(listed(conference("1"), account=first))
    await synchronizer.accept(listed(conference("1"), conference("2"), account=again))

    assert set(synchronizer.state.accounts) == {first}
    assert set(synchronizer.state.account(first).reported) == {"1", "2"}


async def test_what_another_writer_changed_is_told_on_even_where_the_list_adds_nothing() -> None:
    store = MemoryStore()
    ours, theirs = Synchronizer(store, POLICY), Synchronizer(store, POLICY)
    await ours.accept(listed(conference("1")))
    await theirs.refresh()
    telltale = Telltale(ours)
    await theirs.accept(listed(conference("1"), conference("2")))

    await ours.accept(listed(conference("1"), conference("2")))

    assert telltale.times == 1


async def test_what_was_purged_is_not_known_any_more() -> None:
    store = MemoryStore()
    synchronizer = Synchronizer(store, POLICY)
    await synchronizer.accept(listed(conference("1"), conference("2")))
    for hours in (1, 2):
        await synchronizer.accept(listed(conference("1"), at=NOW + timedelta(hours=hours)))
    assert set(synchronizer.state.entries) == {Key(SERVER, "1"), Key(SERVER, "2")}

    await synchronizer.purge(NOW + timedelta(days=400))

    assert set(synchronizer.state.entries) == {Key(SERVER, "1")}
    assert synchronizer.state == await store.load()


async def test_an_approval_is_logged_with_the_account_and_what_it_removed() -> None:
    synchronizer = Synchronizer(MemoryStore(), POLICY)
    await synchronizer.accept(listed(conference("1"), conference("2")))
    await synchronizer.accept(listed(at=LATER))
    with capture_logs() as logs:
        await synchronizer.approve(ROOM, now=LATER)

    assert [(each["event"], each["account"], each["removed"]) for each in logs] == [
        ("sync.list_approved", str(ROOM), 2)
    ]


async def test_a_dispute_is_logged_once_when_it_begins_and_once_when_it_ends() -> None:
    synchronizer = Synchronizer(MemoryStore(), POLICY)
    early, late = conference(), conference(schedule=once("2026-11-02 11:00"))
    quarter = timedelta(minutes=15)
    with capture_logs() as logs:
        for number in range(4):
            await synchronizer.accept(listed(early, at=NOW + number * quarter))
            await synchronizer.accept(listed(late, at=NOW + number * quarter, account=DESK, source="desk"))
        await synchronizer.accept(listed(late, at=NOW + 4 * quarter))
        await synchronizer.accept(listed(late, at=NOW + 5 * quarter))

    told = [each for each in logs if "dispute" in each["event"]]
    assert [each["event"] for each in told] == ["sync.dispute", "sync.dispute_ended"]
    assert told[0]["accounts"] == [str(DESK), str(ROOM)]
    assert told[0]["counts"] == str(DESK)


async def test_a_list_that_is_older_than_the_last_one_changes_nothing() -> None:
    store = MemoryStore()
    synchronizer = Synchronizer(store, POLICY)
    await synchronizer.accept(listed(conference(topic="New")))
    before = await store.load()

    changes = await synchronizer.accept(listed(conference(topic="Old"), at=NOW - timedelta(seconds=30)))

    assert changes.older
    assert await store.load() == before
    assert synchronizer.state == before


async def test_a_series_that_grew_old_moves_on_and_is_recorded() -> None:
    store = MemoryStore()
    synchronizer = Synchronizer(store, POLICY)
    await synchronizer.accept(listed(conference(schedule=weekly("2026-10-05 07:00", Weekday.MO))))
    later = NOW + timedelta(days=800)

    await synchronizer.move_on(later)
    version = await store.version()
    await synchronizer.move_on(later)

    assert await store.version() == version
    (vevent,) = await store.vevents("full-en")
    assert b"DTSTART:2027" in vevent.body
    assert synchronizer.state == await store.load()
