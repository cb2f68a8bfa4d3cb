"""
A daemon that hears lists, and beside it what it must know by the design.
"""

import asyncio
import json
from collections.abc import Coroutine, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from hypothesis.stateful import RuleBasedStateMachine

from service.app.synchronizer import Synchronizer
from service.calendars.feeds import FeedRules, Feeds
from service.core.conference import Account
from service.core.revision import Policy
from service.core.vevent import Rendering
from service.core.weekly import WeeklyRules
from service.publishing.ports import Database
from service.trueconf.events import Event, SnapshotReceived
from service.trueconf.session import Session
from tests.durability.journal_reader import JournalReader
from tests.durability.served import Conference, Record, Served, read_parts
from tests.durability.told import DAY, HERE, START, THERE, ZONES, Raw, Told
from tests.durability.words import Live, Report, word_that_counts
from tests.durability.world import KEEP_ENDED, Calendar, Room
from tests.store.memory import MemoryStore

Result = TypeVar("Result")

SOON = 15 * DAY
EVERYBODY = "all"
RULES = FeedRules(b"the secret of the tests", "https://calendars.example.com", "full-en")


class History(RuleBasedStateMachine):
    """
    Four rooms, three users, two servers that use the same ids; what is known against what must be known.
    """

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.now = self.latest = START
        self.moments: set[datetime] = set()
        self.rooms = {
            "lobby": Room(HERE, "ivanov"),
            "hall": Room(HERE, "brown"),
            "annex": Room(HERE, "chen"),
            "kiosk": Room(THERE, "ivanov"),
        }
        self.last: dict[str, dict[str, Told]] = {name: {} for name in self.rooms}
        self.calendars: dict[Account, Calendar] = {}
        self.live: dict[Conference, Live] = {}
        """What everybody's calendar shows of each conference that was ever told of."""

        self.records: dict[str, Record] = {}
        self.gone: dict[str, dict[Conference, datetime]] = {}
        self.fresh: dict[str, set[Conference]] = {}
        self.uids: dict[Conference, str] = {}
        self.revisions: dict[str, Served] = {}
        self.journal_read = 0
        self.journal_told = JournalReader()
        renderings = {name: Rendering(WeeklyRules(ZONES[room.server])) for name, room in self.rooms.items()}
        self.policy = Policy(renderings=renderings)
        self.store = self.do(self.open())
        self.sessions: dict[str, Session] = {}
        self.begin()

    async def open(self) -> Database:
        return MemoryStore()

    async def reopened(self) -> Database:
        """Return the same database after the process was gone."""
        return self.store

    def do(self, work: Coroutine[Any, Any, Result]) -> Result:
        # Not `Runner.run`, which puts a handler of signals in place and back each time.
        return self.runner.get_loop().run_until_complete(work)

    def teardown(self) -> None:
        self.do(self.store.close())
        self.runner.close()

    def begin(self) -> None:
        self.synchronizer = Synchronizer(self.store, self.policy)
        self.do(self.synchronizer.start(rendering="same", now=self.now))
        for name, room in self.rooms.items():
            session = Session(
                source=name, pin=None, fallback=Account("nobody", "nowhere"), server=room.server
            )
            session.start(self.now)
            self.sessions[name] = session
            self.receive(name, {"method": "auth", "result": True})
            user = {"peerId": f"{room.user}@{room.server}"} if room.user else {}
            self.receive(name, {"method": "getLogin", "isLoggedIn": bool(user), "result": True} | user)

    def passes(self, wait: timedelta) -> None:
        """Let time pass; no two lists arrive in one second, so one change is always the newest."""
        self.now += wait
        while self.now in self.moments:
            self.now += timedelta(seconds=1)
        self.moments.add(self.now)
        self.latest = max(self.latest, self.now)

    def receive(self, name: str, frame: Raw | bytes) -> list[Event]:
        data = frame if isinstance(frame, bytes) else json.dumps(frame, ensure_ascii=False).encode()
        events = self.sessions[name].receive(data, self.now)
        for event in events:
            if isinstance(event, SnapshotReceived):
                self.do(self.synchronizer.accept(event.snapshot))
        return events

    def hear(self, name: str, listed: list[Raw], *, cnt: int | None = None) -> list[Event]:
        cnt = len(listed) if cnt is None else cnt
        return self.receive(
            name, {"method": "event", "event": "conferenceList", "cnt": cnt, "conferences": listed}
        )

    def lists(self, name: str, listed: dict[str, Told], wait: timedelta) -> None:
        """Have a good list arrive, and hold what is known after it against what must be."""
        self.passes(wait)
        self.hear(name, [each.raw(id_) for id_, each in listed.items()])
        self.expect(name, listed, good=True)
        self.check()

    # -- What must be known

    def expect(
        self, name: str, listed: dict[str, Told], *, good: bool, mentioned: tuple[str, ...] = ()
    ) -> None:
        """Note what a list must lead to."""
        room = self.rooms[name]
        if room.user is None:
            return
        self.last[name] = listed
        # Asked of each list, whatever it is worth: a clock that was set back is noticed by the first one.
        settled = room.is_settled(self.now)
        account = Account(room.user, room.server)
        calendar = self.calendars.setdefault(account, Calendar())
        if calendar.ignores(self.now):
            return
        unknown = {(room.server, id_) for id_ in listed if (room.server, id_) not in self.live}
        strange = {(room.server, id_) for id_ in listed if id_ not in calendar.members}
        held_before = {id_: self.holders((room.server, id_)) for id_ in listed}
        self.fresh.setdefault(EVERYBODY, set()).update(unknown)
        self.fresh.setdefault(str(account), set()).update(strange)
        departed = calendar.hears(
            listed,
            self.now,
            good=good and settled,
            shown=lambda id_: self.live[room.server, id_].told,
            server=room.server,
            mentioned=mentioned,
        )
        for id_ in listed:
            self._reconsider((room.server, id_), self.now, back=not held_before[id_])
        self._depart(account, departed, self.now)

    def expect_approval(self, account: Account) -> int:
        """Note what an approval must lead to; how many conferences leave."""
        calendar = self.calendars[account]
        departed = calendar.approve()
        self._depart(account, departed, self.now)
        return len(departed)

    def holders(self, conference: Conference) -> list[Account]:
        server, id_ = conference
        return [
            account
            for account, calendar in self.calendars.items()
            if account.server == server and id_ in calendar.members
        ]

    def _reports(self, conference: Conference) -> list[Report]:
        server, id_ = conference
        return [
            Report(account.peer, c.members[id_], c.changed_at[id_], c.list_at)
            for account, c in self.calendars.items()
            if account.server == server and c.list_at and c.lists(id_)
        ]

    def _reconsider(self, conference: Conference, now: datetime, *, back: bool = False) -> None:
        if reports := self._reports(conference):
            word, live = word_that_counts(reports, conference[0], now), self.live.get(conference)
            if live is None:
                self.live[conference] = Live(word, conference[0])
            else:
                self.live[conference] = live.back(word, now) if back else live.told_anew(word, now)

    def _depart(self, account: Account, departed: Mapping[str, datetime], now: datetime) -> None:
        for id_, since in departed.items():
            conference = (account.server, id_)
            self.gone.setdefault(str(account), {})[conference] = since
            if not self.holders(conference):
                self.gone.setdefault(EVERYBODY, {})[conference] = since
            self.live[conference] = self.live[conference].cut(since)
            self._reconsider(conference, now)

    # -- What must hold

    def check(self) -> None:
        state = self.synchronizer.state
        held = {account for account, known in state.accounts.items() if known.held}
        assert held == {account for account, calendar in self.calendars.items() if calendar.held}
        for account, calendar in self.calendars.items():
            assert state.account(account).reported.keys() == calendar.members.keys()
        self.check_journal()
        served, again = self.do(self.feeds())
        assert served == again
        self.check_calendar(EVERYBODY, served, {c for c in self.live if self.holders(c)})
        for account, calendar in self.calendars.items():
            rendered = self.do(self.store.vevents("full-en", account))
            members = {(account.server, id_) for id_ in calendar.members}
            self.check_calendar(str(account), b"".join(each.body for each in rendered), members)

    def check_journal(self) -> None:
        """Assert that the journal, read from its beginning, tells exactly what is known now."""
        state = self.synchronizer.state
        entries = self.do(self.store.journal.read_after(self.journal_read, 100_000))
        for entry in entries:
            assert entry.number > self.journal_read
            self.journal_read = entry.number
            self.journal_told.follow(entry)
        members = {str(a): known.reported.keys() for a, known in state.accounts.items() if known.reported}
        assert {a: ids for a, ids in self.journal_told.members.items() if ids} == members
        held = {str(account) for account, known in state.accounts.items() if known.held}
        assert self.journal_told.held == held

    async def feeds(self) -> tuple[bytes, bytes]:
        """Return the feed of all twice: as served, and as another process would serve it."""
        first = await self.feed(self.synchronizer)
        fresh = Synchronizer(self.store, self.policy)
        await fresh.refresh()
        known, read = self.synchronizer.state, fresh.state
        assert (read.version, read.accounts, read.entries) == (known.version, known.accounts, known.entries)
        return first, await self.feed(fresh)

    async def feed(self, synchronizer: Synchronizer) -> bytes:
        feeds = Feeds(self.store, RULES, state=lambda: synchronizer.state, clock=lambda: self.now)
        await feeds.start()
        return (await feeds.feed(EVERYBODY)).body

    def check_calendar(self, name: str, body: bytes, members: set[Conference]) -> None:
        parts = read_parts(body)
        flat = [each for several in parts.values() for each in several]
        assert len({each.uid for each in flat}) == len(flat)
        for each in flat:
            each.assert_sound()
            self.check_revision(each)
        for conference in members:
            self.check_live(name, conference, parts.get(conference, ()))
        for conference in parts.keys() - members:
            assert not any(each.days and not each.until for each in parts[conference]), "what left is closed"
        record = self.records.setdefault(name, Record(name, KEEP_ENDED, parts))
        record.follow(parts, self.now, gone=self.gone.pop(name, {}), fresh=self.fresh.pop(name, set()))

    def check_revision(self, each: Served) -> None:
        before = self.revisions.get(each.uid)
        if before and before.body != each.body:
            assert each.sequence > before.sequence, "what looks different has a new SEQUENCE"
            assert each.modified > before.modified, "... and a later LAST-MODIFIED"
        self.revisions[each.uid] = each

    def check_live(self, name: str, conference: Conference, parts: tuple[Served, ...]) -> None:
        """Assert that the live part says what counts, from now on, under the UID that it always had."""
        live = self.live[conference]
        assert live.coming(self.latest, self.latest + SOON) == {
            span for each in parts for span in each.spans(self.latest, self.latest + SOON)
        }, f"{name}: {conference} is {live}, served as {parts}, told {self._reports(conference)}, {self.now}"
        if not live.shown:
            return
        alive = [
            each
            for each in parts
            if each.topic == live.told.topic
            and bool(each.days) == (live.told.kind == "week")
            and not each.until
        ]
        uid = self.uids.get(conference)
        if uid is None:
            assert alive
            if len(alive) == 1:
                self.uids[conference] = alive[0].uid
        else:
            assert uid in {each.uid for each in alive}, f"{name}: {conference} is {live}"
