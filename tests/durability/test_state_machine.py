"""
Whatever arrives, in whatever order: what took place stays, what is listed stays, the right word counts.

Every run is the same one; another CONFCAL_TEST_SEED gives other histories.
"""

import asyncio
import logging
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp

import pytest
import structlog
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from service.core.errors import UnknownName
from service.publishing.ports import Database
from service.store.sql import open_store
from service.trueconf.events import CommandRefused, FrameWasRejected, ListIgnored
from tests.durability.history import History
from tests.durability.strategies import (
    IDS,
    USERS,
    any_wait,
    bad_frames,
    edits,
    refusals,
    rooms,
    some_ids,
    steps,
    told,
    waits,
    whole_lists,
)
from tests.durability.told import Edit, Told
from tests.tools import how_often

SEED = int(os.environ.get("CONFCAL_TEST_SEED", "20261005"))


class Machine(History):
    """
    All that may happen, in any order.
    """

    @rule(name=rooms, listed=whole_lists, wait=any_wait)
    def a_good_list_arrives(self, name: str, listed: dict[str, Told], wait: timedelta) -> None:
        self.lists(name, listed, wait)

    @rule(name=rooms, wait=any_wait, times=st.integers(1, 3))
    def the_same_list_arrives_again(self, name: str, wait: timedelta, times: int) -> None:
        for _ in range(times):
            self.lists(name, dict(self.last[name]), wait)

    @rule(
        name=rooms,
        changed=st.dictionaries(st.sampled_from(IDS), told, max_size=2),
        gone=some_ids,
        wait=any_wait,
    )
    def a_list_arrives_that_differs_a_little(
        self, name: str, changed: dict[str, Told], gone: frozenset[str], wait: timedelta
    ) -> None:
        listed = {id_: each for id_, each in (self.last[name] | changed).items() if id_ not in gone}
        self.lists(name, listed, wait)

    @rule(name=rooms, other=rooms, wait=waits)
    def an_account_is_invited_to_what_another_has(self, name: str, other: str, wait: timedelta) -> None:
        if self.rooms[name].server == self.rooms[other].server:
            self.lists(name, self.last[name] | self.last[other], wait)

    @rule(
        name=rooms,
        id_=st.sampled_from(IDS),
        all_edits=st.lists(edits(), min_size=1, max_size=3),
        wait=any_wait,
    )
    def somebody_edits_a_conference(
        self, name: str, id_: str, all_edits: list[Edit], wait: timedelta
    ) -> None:
        """The edits come one after the other, some on one day."""
        for edit in all_edits:
            before = self.last[name].get(id_) or Told("New", "none")
            edited = edit.of(before, self.rooms[name].server, self.now)
            self.lists(name, self.last[name] | {id_: edited}, wait)

    @rule(
        id_=st.sampled_from(IDS),
        words=st.fixed_dictionaries(dict.fromkeys(("lobby", "hall", "annex"), told)),
        agreed=st.booleans(),
        times=st.integers(1, 3),
        wait=waits,
    )
    def accounts_go_on_telling_different_things(
        self, id_: str, words: dict[str, Told], times: int, wait: timedelta, *, agreed: bool
    ) -> None:
        if agreed:
            # Two against one, and no account is the owner's.
            words = {name: replace(each, owner="nobody") for name, each in words.items()}
            words["lobby"] = words["hall"]
        for _ in range(times):
            for name, word in words.items():
                self.lists(name, self.last[name] | {id_: word}, wait)

    @rule(
        first=rooms, second=rooms, id_=st.sampled_from(IDS), all_waits=st.lists(waits, min_size=2, max_size=4)
    )
    def two_accounts_drop_a_conference(
        self, first: str, second: str, id_: str, all_waits: list[timedelta]
    ) -> None:
        for wait in all_waits:
            for name in (first, second):
                self.lists(name, {i: each for i, each in self.last[name].items() if i != id_}, wait)

    @rule(name=rooms, edit=edits(), wait=waits)
    def somebody_edits_all_conferences(self, name: str, edit: Edit, wait: timedelta) -> None:
        server = self.rooms[name].server
        self.lists(
            name, {id_: edit.of(each, server, self.now) for id_, each in self.last[name].items()}, wait
        )

    @rule(
        name=rooms,
        gone=st.integers(1, len(IDS)).map(lambda many: frozenset(IDS[:many])),
        all_waits=st.lists(waits | waits | steps, min_size=2, max_size=5),
    )
    def conferences_stay_away(self, name: str, gone: frozenset[str], all_waits: list[timedelta]) -> None:
        """Nothing else changes for some lists: those that are missing go by one rule or another."""
        for wait in all_waits:
            self.lists(name, {id_: each for id_, each in self.last[name].items() if id_ not in gone}, wait)

    @rule(name=rooms, listed=whole_lists, more=st.sampled_from([-1, 1, 100]), wait=waits)
    def a_list_arrives_that_contradicts_itself(
        self, name: str, listed: dict[str, Told], more: int, wait: timedelta
    ) -> None:
        self.passes(wait)
        self.hear(name, [each.raw(id_) for id_, each in listed.items()], cnt=len(listed) + more)
        self.expect(name, listed, good=False)
        self.check()

    @rule(name=rooms, listed=whole_lists, broken=st.sampled_from(IDS), twice=st.booleans(), wait=waits)
    def a_list_arrives_with_a_conference_that_makes_no_sense(
        self, name: str, listed: dict[str, Told], broken: str, *, twice: bool, wait: timedelta
    ) -> None:
        self.passes(wait)
        sound = {id_: each for id_, each in listed.items() if id_ != broken}
        raw = [each.raw(id_) for id_, each in sound.items()]
        if twice:
            raw += [Told("One", "none").raw(broken), Told("Other", "none").raw(broken)]
        else:
            raw.append(Told("Broken", "once").raw(broken) | {"schedule": {"start_time": "soon"}})
        self.hear(name, raw)
        self.expect(name, sound, good=False, mentioned=(broken,))
        self.check()

    @rule(name=rooms, frame=bad_frames)
    def a_frame_arrives_that_makes_no_sense(self, name: str, frame: bytes) -> None:
        before = self.synchronizer.state

        events = self.receive(name, frame)

        assert [type(event) for event in events] == [FrameWasRejected]
        assert self.synchronizer.state is before

    @rule(name=rooms, frame=refusals)
    def a_list_is_refused(self, name: str, frame: bytes) -> None:
        before = self.synchronizer.state

        events = self.receive(name, frame)

        # While nobody is logged in there is no list to give, and that is no fault of the frame.
        expected = FrameWasRejected if self.rooms[name].user else CommandRefused
        assert [type(event) for event in events] == [expected]
        assert self.synchronizer.state is before

    @rule(name=rooms, user=st.sampled_from(USERS), announced=st.booleans())
    def a_user_logs_in(self, name: str, user: str, *, announced: bool) -> None:
        room = self.rooms[name]
        peer = f"{user}@{room.server}"
        if announced:
            self.receive(name, {"method": "event", "event": "login", "result": 0, "peerId": peer})
        else:
            self.receive(name, {"method": "getLogin", "isLoggedIn": True, "peerId": peer, "result": True})
        room.login(user, self.now)

    @rule(name=rooms, following=st.none() | st.sampled_from(USERS) | st.sampled_from(USERS))
    def the_user_logs_out(self, name: str, following: str | None) -> None:
        self.receive(name, {"method": "event", "event": "logout", "result": 0, "cause": 0})
        self.rooms[name].logout()

        assert ListIgnored in [type(event) for event in self.hear(name, [])]
        self.check()
        if following:
            self.a_user_logs_in(name=name, user=following, announced=True)

    @rule()
    def the_process_is_started_anew(self) -> None:
        self.store = self.do(self.reopened())
        for room in self.rooms.values():
            room.changed_at = None
        self.begin()
        self.check()

    @precondition(lambda self: self.calendars)
    @rule(data=st.data())
    def somebody_approves(self, data: st.DataObject) -> None:
        account = data.draw(st.sampled_from(sorted(self.calendars)))
        calendar = self.calendars[account]
        if calendar.held:
            assert self.do(self.synchronizer.approve(account, now=self.now)) == self.expect_approval(account)
        else:
            with pytest.raises(UnknownName):
                self.do(self.synchronizer.approve(account, now=self.now))
        self.check()

    @rule(step=steps)
    def the_clock_steps(self, step: timedelta) -> None:
        self.passes(step)

    @rule()
    def a_day_begins(self) -> None:
        self.do(self.synchronizer.move_on(self.now))
        self.check()


class OnDisk(Machine):
    """
    The same with an SQLite file, opened again at each restart.
    """

    template: Path

    async def open(self) -> Database:
        self.folder = Path(mkdtemp(prefix="confcal-"))
        shutil.copy(self.template, self.folder / "confcal.db")
        return await self.opened()

    async def opened(self) -> Database:
        return await open_store(f"sqlite:///{self.folder / 'confcal.db'}", migrate=False)

    async def reopened(self) -> Database:
        await self.store.close()
        return await self.opened()

    def teardown(self) -> None:
        super().teardown()
        shutil.rmtree(self.folder)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Tens of thousands of lists would fill the memory with log lines."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    yield
    structlog.reset_defaults()


def _settings(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def test_any_history_keeps_the_rules() -> None:
    print(f"CONFCAL_TEST_SEED={SEED}")  # noqa: T201 -- pytest shows it where the test fails
    machine = seed(SEED)(Machine)

    run_state_machine_as_test(machine, settings=_settings(how_often(12, 80, 2000), 40))


def test_any_history_keeps_the_rules_on_disk_too(tmp_path: Path) -> None:
    print(f"CONFCAL_TEST_SEED={SEED}")  # noqa: T201 -- likewise
    OnDisk.template = tmp_path / "confcal.db"
    asyncio.run(_migrated(OnDisk.template))
    machine = seed(SEED)(OnDisk)

    run_state_machine_as_test(machine, settings=_settings(how_often(3, 8, 100), 30))


async def _migrated(file: Path) -> None:
    store = await open_store(f"sqlite:///{file}", migrate=True)
    await store.close()
