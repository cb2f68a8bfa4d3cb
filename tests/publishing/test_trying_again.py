"""
A person has everything of a target tried again: nothing rests then, and only once a minute.
"""

import asyncio
from datetime import timedelta

from service.core.errors import CollectionFailed, CredentialsRefused
from service.core.target_state import TargetState
from service.publishing.model import Standing
from tests.publishing.shelf import Team, resources, too_large
from tests.reaching import reach, stop

MINUTE = timedelta(minutes=1)


async def parked_team() -> Team:
    """Return a target that refused one of its two events until it was parked."""
    team = Team(desired=resources(range(2)))
    team.cache.refusing["u1"] = too_large()
    while (await team.later(minutes=2), team.reconciler.status.state)[1] is not TargetState.INCOMPLETE:
        pass
    return team


async def test_a_refused_event_is_tried_again_and_published() -> None:
    team = await parked_team()
    team.cache.refusing.clear()
    before = team.cache.writes
    await team.later(minutes=2)
    assert team.cache.writes == before

    assert team.reconciler.retry_now()
    await team.later()

    assert team.reconciler.status.state is TargetState.IN_STEP
    assert team.holds(team.desired)


async def test_an_event_that_is_refused_again_is_parked_again_after_one_try() -> None:
    team = await parked_team()
    before = team.cache.writes

    team.reconciler.retry_now()
    await team.later()

    assert team.cache.writes == before + 1
    assert (await team.rows())["u1"].standing is Standing.PARKED
    assert (await team.rows())["u1"].rests(team.clock.now)


async def test_a_second_try_within_a_minute_is_none() -> None:
    team = await parked_team()

    assert [team.reconciler.retry_now() for _ in range(3)] == [True, False, False]
    team.clock.now += MINUTE
    assert team.reconciler.retry_now()


async def test_a_collection_that_rests_is_asked_again() -> None:
    team = Team(desired=resources(range(2)))
    await team.later()
    team.cache.down = CollectionFailed("507: full")
    team.desired = resources(range(3))
    await team.later(minutes=2)
    team.cache.down = None
    asked = team.cache.asked.total()
    await team.later()
    assert team.cache.asked.total() == asked

    team.reconciler.retry_now()
    await team.later()

    assert team.reconciler.status.state is TargetState.IN_STEP
    assert team.holds(team.desired)


async def test_a_target_that_is_left_alone_is_asked_at_once() -> None:
    slept: asyncio.Queue[float] = asyncio.Queue()

    async def sleep(seconds: float) -> None:
        await slept.put(seconds)
        await asyncio.Event().wait()

    team = Team(desired=resources(range(1)), sleep=sleep)
    team.cache.down = CredentialsRefused("wrong password")
    running = asyncio.create_task(team.reconciler.run())
    try:
        async with asyncio.timeout(10):
            await slept.get()
            team.cache.down = None
            team.reconciler.mark_changed()
            await asyncio.sleep(0)
            assert team.state == "failing"

            assert team.reconciler.retry_now()
            await reach(lambda: team.state == "in step", pause=0)
    finally:
        await stop(running)
