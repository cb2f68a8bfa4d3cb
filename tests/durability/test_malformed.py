"""
A thousand damaged frames: none ends anything, each says what is wrong with it.
"""

import os
from datetime import timedelta
from itertools import islice

from service.app.synchronizer import Synchronizer
from service.core.conference import Account
from service.core.rejected import KeepRules
from service.core.revision import Policy
from service.core.state import State
from service.sources.rejections import Rejections
from service.trueconf.events import Event, FrameWasRejected, SnapshotReceived
from service.trueconf.session import Session
from tests.core.given import NOW, many
from tests.core.given import listed as listed_by
from tests.durability.mutations import mutations, samples
from tests.store.memory import MemoryStore

SEED = int(os.environ.get("CONFCAL_TEST_SEED", "20261005"))
FRAMES = 1000
ROOM = Account("room1", "video.example.com")
FIELDS = (
    "frame",
    "result",
    "succeed",
    "conferences",
    "id",
    "invitations.id",
    "owner",
    "peerId",
    "schedule",
    "schedule.days",
    "schedule.duration",
    "schedule.start_time",
    "schedule.type",
    "schedule_type",
)


def listening() -> Session:
    session = Session(source="lobby", pin=None, fallback=ROOM, server="video.example.com")
    session.start(NOW)
    session.receive(b'{"method":"auth","result":true}', NOW)
    session.receive(b'{"method":"getLogin","isLoggedIn":true,"peerId":"room1","result":true}', NOW)
    return session


def members(state: State) -> set[str]:
    return set(state.account(ROOM).reported)


async def test_a_thousand_damaged_frames() -> None:
    print(f"CONFCAL_TEST_SEED={SEED}")  # noqa: T201 -- pytest shows it where the test fails
    store = MemoryStore()
    synchronizer = Synchronizer(store, Policy())
    rejections = Rejections(store, KeepRules(keep=10**6), clock=lambda: NOW)
    await synchronizer.accept(listed_by(*many(20), account=ROOM))
    outcomes = {"accepted": 0, "rejected": 0, "no list": 0}
    for number, frame in enumerate(islice(mutations(SEED), FRAMES)):
        events = listening().receive(frame, NOW + timedelta(seconds=number))
        before = members(synchronizer.state)
        outcomes[await _outcome(events, synchronizer, rejections)] += 1
        await rejections.write()

        assert members(synchronizer.state) >= before, frame

    kept = await store.load_rejected()
    assert {each.field for each in kept} <= set(FIELDS)
    assert all(each.reason for each in kept)
    assert outcomes["rejected"] > FRAMES / 5
    assert outcomes["accepted"] > FRAMES / 5
    # A list under another name is none of ours, and not wrong either.
    assert outcomes["no list"] < FRAMES / 20
    assert len(await store.vevents("full-en")) >= 20


async def _outcome(events: list[Event], synchronizer: Synchronizer, rejections: Rejections) -> str:
    outcome = "no list"
    for event in events:
        if isinstance(event, SnapshotReceived):
            await synchronizer.accept(event.snapshot)
            rejections.snapshot(event.snapshot)
            outcome = "accepted"
        elif isinstance(event, FrameWasRejected):
            assert event.field in FIELDS
            assert event.reason
            rejections.frame("lobby", ROOM, field=event.field, reason=event.reason, raw=event.raw)
            outcome = "rejected"
    return outcome


def test_the_samples_hold_lists_to_damage() -> None:
    assert len(samples()) > 15
