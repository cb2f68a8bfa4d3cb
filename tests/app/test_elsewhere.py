"""
What a replica shows of the parts that another one runs, and what it takes over with them.
"""

from dataclasses import replace
from datetime import timedelta

from service.app.elsewhere import Elsewhere
from service.app.journal_writer import JournalWriter
from service.app.leaseholder import LeaseHolder
from service.app.recalling import recall_trouble
from service.core.errors import StoreUnavailable
from service.core.journal import FieldChange, Happening, JournalEntry, JournalQuery
from service.core.lease import LeaseTerms
from service.core.replicas import HOUSEKEEPING, Replica
from service.core.sources import SourceState
from service.core.state import State
from service.core.target_state import TargetState
from service.publishing.target_status import TargetStatus
from service.sources.status import SourceStatus
from service.web.schemas import TargetView
from tests.core.given import NOW, ROOM, conference, listed
from tests.core.story import Story
from tests.store.memory_journal import MemoryJournal
from tests.store.memory_leases import MemoryLeases

TERMS = LeaseTerms(timedelta(seconds=15))
PLACE = "10.0.0.15:8765"
TEAM = TargetView("team", TargetState.STARTING, "all", 0)


def told(event: Happening, state: str, *, target: str = "", source: str = "", note: str = "") -> JournalEntry:
    change = (FieldChange("state", "", state),)
    return JournalEntry(NOW, event, target=target, source=source, fields=change, note=note)


class Pair:
    """Two replicas: what is asked is the first one; the second holds what it is given."""

    def __init__(self, state: State | None = None) -> None:
        self.rows, self.journal, self.state = MemoryLeases(lambda: 0.0), MemoryJournal(), state or State()
        self.first = LeaseHolder(self.rows, Replica("one", "1.0", started_at=NOW), TERMS, clock=lambda: 0.0)
        self.elsewhere = Elsewhere(self.first, self.journal, state=lambda: self.state, started_at=NOW)

    async def give_second(self, *parts: str) -> None:
        await self.rows.renew(Replica("two", "1.1"), lasts=TERMS.lasts)
        await self.rows.take(parts, "two", lasts=TERMS.lasts)
        await self.first.join()
        await self.elsewhere.refresh()


async def test_a_daemon_on_its_own_shows_its_parts_as_they_are() -> None:
    pair = Pair()
    await pair.first.join()
    await pair.elsewhere.refresh()

    assert pair.elsewhere.view_source("hall", PLACE) is None
    assert pair.elsewhere.view_target(TEAM) == TEAM
    assert [each.name for each in pair.elsewhere.replicas()] == ["one"]


async def test_the_replicas_are_listed_with_what_they_run() -> None:
    pair = Pair()
    await pair.give_second("source/hall", "target/team")
    await pair.first.join()

    told_of = {each.name: each for each in pair.elsewhere.replicas()}

    assert told_of["one"].parts == (HOUSEKEEPING,)
    assert told_of["one"].answers
    assert told_of["two"].parts == ("source/hall", "target/team")
    assert (told_of["two"].version, told_of["two"].answers) == ("1.1", False)


async def test_a_source_held_elsewhere_is_as_its_lists_and_its_holder_say() -> None:
    story = Story()
    story.records(listed(conference("1"), source="hall"))
    pair = Pair(story.state)
    await pair.give_second("source/hall", "source/lobby")

    hall, lobby = (pair.elsewhere.view_source(name, PLACE) for name in ("hall", "lobby"))
    assert hall
    assert (hall.state, hall.account, hall.held_by) == (SourceState.LISTENING, str(ROOM), "two")
    assert hall.last_list_at == story.state.accounts[ROOM].list_at
    assert lobby
    assert lobby.state is SourceState.CONNECTING, "nobody heard of it yet"

    await pair.journal.write(
        [told(Happening.SOURCE_DOWN, SourceState.PIN_REJECTED, source="hall", note="rejected")]
    )
    await pair.elsewhere.refresh()
    down = pair.elsewhere.view_source("hall", PLACE)
    assert down
    assert (down.state, down.error, down.since) == (SourceState.PIN_REJECTED, "rejected", NOW)

    await pair.journal.write([told(Happening.SOURCE_UP, SourceState.LISTENING, source="hall")])
    await pair.elsewhere.refresh()
    up = pair.elsewhere.view_source("hall", PLACE)
    assert up
    assert (up.state, up.error) == (SourceState.LISTENING, "")


async def test_a_target_held_elsewhere_is_as_its_holder_said_last() -> None:
    pair = Pair()
    refused = told(Happening.TARGET_REFUSED, TargetState.DOWN, target="team", note="no answer")
    uid = (FieldChange("collection", "", "team"), FieldChange("uid", "", "u"))
    await pair.journal.write(
        [refused, JournalEntry(NOW, Happening.TARGET_RECOVERED, target="team", fields=uid)]
    )
    await pair.give_second("target/team")

    down = pair.elsewhere.view_target(TEAM)
    assert (down.state, down.error, down.held_by) == (TargetState.DOWN, "no answer", "two")

    await pair.journal.write([told(Happening.TARGET_RECOVERED, TargetState.IN_STEP, target="team")])
    await pair.elsewhere.refresh()
    assert pair.elsewhere.view_target(TEAM).state is TargetState.ELSEWHERE


async def test_what_happened_while_no_other_replica_lived_is_known_too() -> None:
    pair = Pair()
    await pair.elsewhere.refresh()
    many = [told(Happening.SOURCE_UP, "listening", source=f"room{n}") for n in range(1500)]
    first = told(Happening.SOURCE_DOWN, SourceState.SILENT, source="hall", note="silent")
    await pair.journal.write([first, *many])

    await pair.give_second("source/hall")

    hall = pair.elsewhere.view_source("hall", PLACE)
    assert hall
    assert hall.state is SourceState.SILENT


async def test_without_the_database_the_last_known_state_is_shown() -> None:
    class Gone(MemoryJournal):
        gone = False

        async def read_after(self, number: int, limit: int) -> list[JournalEntry]:
            if self.gone:
                raise StoreUnavailable("gone")
            return await super().read_after(number, limit)

    pair, journal = Pair(), Gone()
    pair.elsewhere = Elsewhere(pair.first, journal, state=State, started_at=NOW)
    await journal.write([told(Happening.SOURCE_DOWN, SourceState.SILENT, source="hall")])
    await pair.give_second("source/hall")
    journal.gone = True
    await pair.elsewhere.refresh()

    hall = pair.elsewhere.view_source("hall", PLACE)
    assert hall
    assert hall.state is SourceState.SILENT


async def test_the_end_of_a_trouble_is_told_by_whoever_took_the_source_over() -> None:
    journal, status = MemoryJournal(), SourceStatus("hall", SourceState.UNREACHABLE, None, None, "", NOW)
    first, second = (JournalWriter(journal, clock=lambda: NOW) for _ in range(2))
    await second.recall(["hall"], {})
    first.note_status(status)
    await first.write()

    await second.recall(["hall"], {})
    second.note_status(status)
    second.note_status(replace(status, state=SourceState.LISTENING))
    await second.write()
    await first.recall(["hall"], {})
    first.note_status(replace(status, state=SourceState.LISTENING))
    await first.write()

    events = [entry.event for entry in reversed(await journal.read(JournalQuery()))]
    assert events == [Happening.SOURCE_DOWN, Happening.SOURCE_UP]


async def test_a_target_that_is_taken_over_is_in_the_trouble_that_was_told_or_in_none() -> None:
    journal, status = MemoryJournal(), TargetStatus("team", "all")
    await journal.write([told(Happening.TARGET_REFUSED, TargetState.DOWN, target="team", note="no answer")])
    await recall_trouble(status, journal)
    assert (status.state, status.error) == (TargetState.DOWN, "no answer")

    await journal.write([told(Happening.TARGET_RECOVERED, TargetState.IN_STEP, target="team")])
    await recall_trouble(status, journal)
    assert (status.state, status.error) == (TargetState.STARTING, "")
