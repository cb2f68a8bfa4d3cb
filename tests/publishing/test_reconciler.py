"""
Keeping a target in step: when the next pass comes, what state it is in, and what the log is told.
"""

import asyncio

import pytest
import structlog

from service.core.errors import (
    AnswerUnusable,
    CollectionFailed,
    CollectionGone,
    CollectionMoved,
    CredentialsRefused,
    Fatal,
    PlanRefused,
    Retryable,
    StoreUnavailable,
)
from service.core.target_state import TargetState
from service.publishing.model import RemoteRules
from tests.publishing.shelf import Team, resources, too_large
from tests.reaching import stop


def team_of(count: int) -> Team:
    return Team(desired=resources(range(count)))


async def test_a_target_in_step_is_looked_at_again_for_its_audit() -> None:
    team = team_of(2)

    assert await team.later() == 3600.0

    assert (team.reconciler.status.state, team.reconciler.status.error) == (TargetState.IN_STEP, "")
    assert team.reconciler.status.last_pass_at == team.clock.now
    assert team.reconciler.status.totals.created == 2


async def test_without_a_list_it_waits_and_says_so_once() -> None:
    team = team_of(2)
    team.refusal = PlanRefused("no list was heard yet")

    with structlog.testing.capture_logs() as lines:
        assert [await team.later() for _ in range(3)] == [60.0] * 3

    assert (team.reconciler.status.state, team.reconciler.status.error) == (
        TargetState.WAITING,
        "no list was heard yet",
    )
    assert [line["event"] for line in lines] == ["publish.target_waits"]
    assert team.cache.asked == {}


async def test_a_server_that_is_down_is_asked_less_and_less_and_its_return_is_told_once() -> None:
    team = team_of(2)
    team.cache.down = Retryable("unreachable")
    with structlog.testing.capture_logs() as lines:
        pauses = [await team.later(minutes=20) for _ in range(10)]
        assert team.state == "down"
        team.cache.down = None
        await team.later(minutes=20)

    assert pauses == [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0, 900.0, 900.0]
    assert [(line["times"]) for line in lines if line["event"] == "publish.target_failed"] == [1, 10]
    recovered = [line for line in lines if line["event"] == "publish.target_recovered"]
    assert [(line["times"], line["after_seconds"]) for line in recovered] == [(10, 12000)]
    assert team.state == "in step"


async def test_nothing_counts_as_mended_before_the_server_was_asked() -> None:
    team = team_of(2)
    await team.later()
    team.cache.down = Retryable("unreachable")
    team.desired = resources(range(3))
    await team.later(minutes=1)
    team.desired = resources(range(2))

    await team.later(minutes=1)

    assert team.state == "down"
    team.cache.down = None
    await team.later(minutes=1)
    assert team.state == "in step"


@pytest.mark.parametrize(
    ("error", "seconds", "state"),
    [
        (Retryable("busy", delay_seconds=1200.0), 1200.0, TargetState.DOWN),
        (StoreUnavailable("locked"), 5.0, TargetState.DOWN),
        (CredentialsRefused("401"), 80.0, TargetState.FAILING),
        (CredentialsRefused("401", delay_seconds=7200.0), 7200.0, TargetState.FAILING),
    ],
)
async def test_what_concerns_the_whole_target_has_it_left_alone(
    error: Retryable, seconds: float, state: TargetState
) -> None:
    team = team_of(1)
    team.cache.down = error

    assert (await team.later(), team.reconciler.status.state) == (seconds, state)


async def test_the_database_is_never_left_alone_for_long() -> None:
    team = team_of(1)
    team.cache.down = StoreUnavailable("locked")

    assert max([await team.later() for _ in range(12)]) == 60.0


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (Fatal("no such place"), 80.0),
        (CollectionGone("410"), 5.0),
        (CollectionFailed("odd", delay_seconds=30.0), 30.0),
        (AnswerUnusable("odd"), 5.0),
    ],
)
async def test_what_concerns_one_collection_pauses_it_alone(error: Fatal, seconds: float) -> None:
    team = team_of(1)
    await team.later()
    team.cache.down = error

    assert await team.later(hours=1) == seconds
    asked = team.cache.asked.total()
    assert await team.later(seconds=seconds - 1.0) == 1.0
    assert team.cache.asked.total() == asked
    assert team.state == "failing" or isinstance(error, CollectionFailed)


@pytest.mark.parametrize(
    ("error", "rules", "finds"),
    [
        (CollectionGone("410"), RemoteRules(), 2),
        (CollectionGone("410"), RemoteRules(on_delete="keep"), 1),
        (CollectionMoved("301"), RemoteRules(on_delete="keep"), 2),
    ],
)
async def test_a_lost_collection_is_looked_for_again_unless_deletions_are_kept(
    error: CollectionGone, rules: RemoteRules, finds: int
) -> None:
    team = team_of(1)
    team.rules = rules
    await team.later()
    team.cache.down = error
    await team.later(hours=1)
    team.cache.down = None

    await team.later(minutes=1)

    assert team.cache.asked["find"] == finds


async def test_of_two_collections_the_one_that_fails_does_not_hold_up_the_other() -> None:
    team = team_of(2)
    # The second one leads to the same collection, which it is refused.
    team.keys = ("team", "team/second")

    await team.later()

    assert team.state == "failing"
    assert team.holds(resources(range(2)))


async def test_what_stopped_a_round_comes_last_in_the_next() -> None:
    team = team_of(1)
    team.keys = ("team", "team/second")
    team.cache.down = Retryable("unreachable")
    await team.later()
    team.cache.down = None

    await team.later(minutes=1)

    assert sorted(await team.ledger.targets()) == ["team/second"]


async def test_what_is_refused_is_pending_and_then_parked_since_a_moment() -> None:
    team = team_of(3)
    team.cache.refusing["u1"] = too_large()

    assert await team.later() == 60.0
    assert (team.reconciler.status.state, team.reconciler.status.pending) == (TargetState.WAITING, 1)
    for _ in range(2):
        await team.later(minutes=1)
    parked_at = team.clock.now
    await team.later(minutes=5)

    assert (team.reconciler.status.state, team.reconciler.status.pending) == (TargetState.INCOMPLETE, 0)
    assert [(row.uid, since) for row, since in team.reconciler.status.parked.items()] == [("u1", parked_at)]


async def test_the_lag_runs_from_the_first_change_that_waited() -> None:
    team = team_of(1)
    await team.later()
    team.cache.down = Retryable("unreachable")
    team.desired = resources(range(2))
    changed_at = team.clock.now
    team.reconciler.mark_changed()
    await team.later(minutes=10)
    team.reconciler.mark_changed()
    team.cache.down = None

    await team.later(minutes=10)

    assert team.reconciler.status.lag_seconds == (team.clock.now - changed_at).total_seconds()


async def test_a_change_has_a_pass_made_at_once() -> None:
    team = team_of(1)
    written = asyncio.Event()
    team.cache.on_write = written.set
    running = asyncio.create_task(team.reconciler.run())
    async with asyncio.timeout(30):
        await written.wait()
        written.clear()
        team.desired = resources(range(2))
        team.reconciler.mark_changed()
        await written.wait()

    await cancelled(running)
    assert team.clock.slept == []


async def test_while_the_target_is_down_changes_wait_for_it() -> None:
    slept, go_on = asyncio.Event(), asyncio.Event()

    async def sleep(_seconds: float) -> None:
        slept.set()
        await go_on.wait()

    team = Team(desired=resources(range(1)), sleep=sleep)
    team.cache.down = Retryable("unreachable")
    running = asyncio.create_task(team.reconciler.run())
    async with asyncio.timeout(30):
        await slept.wait()
    asked = team.cache.asked.copy()

    for _ in range(10):
        team.reconciler.mark_changed()
        await asyncio.sleep(0)

    assert team.cache.asked == asked
    await cancelled(running)


async def cancelled(running: "asyncio.Task[None]") -> None:
    await stop(running)
