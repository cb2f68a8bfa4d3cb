"""
What one refused resource, or all of them, comes to: the others go on, and nobody writes for ever.
"""

from datetime import timedelta

import pytest

from service.core.errors import AnswerUnusable, Conflict, Fatal, Retryable
from service.publishing.model import Standing
from tests.publishing.shelf import Team, resources, too_large

DAY = timedelta(days=1)


async def test_one_that_is_refused_does_not_hold_up_the_others_and_is_parked_in_the_end() -> None:
    team = Team()
    team.cache.refusing["u1"] = too_large()

    reports = [await team.publish(resources(range(3))) for _ in range(4)]

    assert [(each.created, each.refused, each.waiting) for each in reports] == [
        (2, 1, 1),
        (0, 1, 1),
        (0, 1, 0),
        (0, 0, 0),
    ]
    row = (await team.rows())["u1"]
    assert (row.standing, row.reason) == (Standing.PARKED, "413: too large")
    assert row.retry_at == team.clock.now + DAY


@pytest.mark.parametrize("when", ["it changes", "a day is over"])
async def test_what_is_parked_is_tried_again_once(when: str) -> None:
    team = Team()
    team.cache.refusing["u1"] = too_large()
    for _ in range(3):
        await team.publish(resources(range(2)))
    team.cache.refusing.clear()

    if when == "it changes":
        report = await team.publish(resources([0]) | resources([1], "Shorter"))
    else:
        team.clock.now += DAY
        report = await team.publish(resources(range(2)))

    assert report.created == 1


async def test_what_the_server_failed_on_rests_for_an_hour_only() -> None:
    team = Team()
    team.cache.refusing["u1"] = Conflict("500", passing=True)
    for _ in range(3):
        await team.publish(resources(range(2)))

    assert (await team.rows())["u1"].retry_at == team.clock.now + timedelta(hours=1)


async def test_a_refused_deletion_is_parked_too() -> None:
    team = Team()
    await team.publish(resources(range(2)))
    team.cache.refusing["u1"] = Conflict("403")

    for _ in range(3):
        await team.publish(resources(range(1)))

    assert (await team.rows())["u1"].standing is Standing.PARKED


async def test_ten_refusals_without_a_success_are_the_fault_of_the_target() -> None:
    team = Team()
    team.cache.refusing[""] = Conflict("403: no permission", blames_target=True)

    with pytest.raises(Fatal, match="every resource is refused: 403"):
        await team.publish(resources(range(30)))

    # It was no fault of theirs: none of them is parked, however often that happens.
    for _ in range(4):
        with pytest.raises(Fatal):
            await team.publish(resources(range(30)))
    assert all(row.standing is Standing.WAITING for row in (await team.rows()).values())
    assert team.cache.asked["Create"] < 5 * 25


@pytest.mark.parametrize("count", [1, 3, 30])
async def test_where_something_in_front_refuses_every_write_it_is_named(count: int) -> None:
    team = Team()
    team.cache.refusing[""] = Conflict("405", blames_target=True, in_front=405)

    with pytest.raises(Fatal, match="every write is refused with 405 by something in front"):
        await team.publish(resources(range(count)))


async def test_one_event_that_is_refused_in_front_is_refused_alone_where_others_are_there() -> None:
    team = Team()
    await team.publish(resources(range(2)))
    team.cache.refusing["u2"] = Conflict("403", blames_target=True, in_front=403)

    report = await team.publish(resources(range(3)))

    assert (report.refused, report.waiting) == (1, 1)


async def test_an_answer_that_is_not_understood_fails_the_collection_after_the_others_were_written() -> None:
    team = Team()
    team.cache.refusing["u1"] = AnswerUnusable("odd")

    with pytest.raises(AnswerUnusable, match="odd"):
        await team.publish(resources(range(3)))

    assert sorted(team.cache.held) == ["/team/u0.ics", "/team/u2.ics"]


async def test_where_no_answer_is_understood_the_pass_ends_early() -> None:
    team = Team()
    team.cache.refusing[""] = AnswerUnusable("odd")

    with pytest.raises(AnswerUnusable):
        await team.publish(resources(range(50)))

    assert team.cache.asked["Create"] < 25


async def test_one_that_only_ever_fails_is_refused_while_others_are_written() -> None:
    team = Team()
    await team.publish({})
    team.cache.refusing["u0"] = Retryable("busy")

    report = await team.publish(resources(range(30)))

    assert (report.created, report.refused) == (29, 1)


async def test_somebody_who_undoes_our_writes_is_not_fought_for_ever() -> None:
    team = Team()
    await team.publish(resources(range(2)))
    for _ in range(30):
        team.cache.held.pop("/team/u1.ics", None)
        await team.audit(resources(range(2)))

    row = (await team.rows())["u1"]
    # Twelve in a row, and one more each day.
    assert team.cache.asked["Create"] <= 2 + 12 + 2
    assert (row.standing, "somebody undoes our writes" in row.reason) == (Standing.PARKED, True)
