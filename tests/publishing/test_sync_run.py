"""
One pass over a collection, whatever the protocol: what is written, what people did, what was lost.
"""

import pytest
import structlog

from service.core.errors import Fatal, Retryable
from service.publishing.model import RemoteRules, Standing
from tests.publishing.shelf import Shelf, Team, body_of, resources


async def test_what_is_desired_is_written_once_and_nothing_is_asked_while_nothing_changes() -> None:
    team = Team()

    first = await team.publish(resources(range(3)))
    asked = team.cache.asked.copy()
    second = await team.publish(resources(range(3)))

    assert (first.created, first.reached, second.writes, second.reached) == (3, True, 0, False)
    assert team.cache.asked == asked
    assert team.holds(resources(range(3)))


async def test_a_change_is_an_update_and_what_is_no_longer_desired_is_deleted() -> None:
    team = Team()
    await team.publish(resources(range(3)))

    report = await team.publish(resources([0], "Moved") | resources([1]))

    assert (report.created, report.updated, report.deleted) == (0, 1, 1)
    assert team.holds(resources([0], "Moved") | resources([1]))
    assert sorted(await team.rows()) == ["u0", "u1"]


async def test_other_settings_have_the_collection_looked_for_again() -> None:
    team = Team()
    await team.publish(resources(range(2)))
    team.identity = "another"

    await team.publish(resources(range(2)))

    assert team.cache.asked["find"] == 2
    assert team.cache.asked["Create"] == 2


async def test_a_collection_that_was_made_just_now_is_filled_though_rows_tell_of_it() -> None:
    team = Team()
    await team.publish(resources(range(2)))
    team.identity, team.cache.created = "another", True
    team.cache.held.clear()

    report = await team.publish(resources(range(2)))

    assert report.created == 2
    assert team.holds(resources(range(2)))


async def test_two_targets_do_not_keep_one_collection() -> None:
    team = Team()
    await team.publish(resources(range(2)))
    second = Team(cache=team.cache, ledger=team.ledger, keys=("second",))

    with pytest.raises(Fatal, match="the target team publishes to this collection already"):
        await second.publish(resources(range(2)))


async def test_a_renamed_target_takes_its_rows_along() -> None:
    team = Team()
    await team.publish(resources(range(2)))
    renamed = Team(
        cache=team.cache, ledger=team.ledger, keys=("renamed",), named=lambda key: key == "renamed"
    )

    with structlog.testing.capture_logs() as lines:
        report = await renamed.publish(resources(range(2)))

    assert (report.writes, sorted(await renamed.rows())) == (0, ["u0", "u1"])
    assert [line["taken"] for line in lines if line["event"] == "publish.collection_taken_over"] == [
        ("team",)
    ]


async def test_an_audit_adopts_what_is_ours_though_its_rows_are_lost() -> None:
    lost = Team()
    await lost.publish(resources(range(3)))

    team = Team(cache=lost.cache)
    report = await team.publish(resources(range(3)))

    assert (report.adopted, report.writes) == (3, 0)


@pytest.mark.parametrize(("rule", "left"), [("restore", "Planning"), ("keep", "Mine")])
async def test_what_a_person_changed_is_ours_again_or_stays_theirs(rule: str, left: str) -> None:
    team = Team(rules=RemoteRules("restore" if rule == "restore" else "keep"))
    await team.publish(resources(range(2)))
    team.cache.held["/team/u0.ics"] = body_of("u0", "Mine")

    report = await team.audit(resources(range(2)))

    assert report.left == 1
    assert team.cache.held["/team/u0.ics"] == body_of("u0", left)


@pytest.mark.parametrize("rule", ["restore", "keep"])
async def test_what_a_person_deleted_comes_back_or_stays_away(rule: str) -> None:
    team = Team(rules=RemoteRules(on_delete="restore" if rule == "restore" else "keep"))
    await team.publish(resources(range(2)))
    del team.cache.held["/team/u0.ics"]

    await team.audit(resources(range(2)))

    assert ("/team/u0.ics" in team.cache.held) == (rule == "restore")


async def test_what_a_person_changed_meanwhile_is_not_overwritten_blindly() -> None:
    team = Team(rules=RemoteRules("keep"))
    await team.publish(resources(range(1)))
    team.cache.held["/team/u0.ics"] = body_of("u0", "Mine")

    report = await team.publish(resources([0], "Moved"))

    assert (report.updated, report.left) == (0, 1)
    assert (await team.rows())["u0"].standing is Standing.THEIRS
    assert team.cache.held["/team/u0.ics"] == body_of("u0", "Mine")


async def test_etags_that_writes_were_not_answered_with_are_asked_for() -> None:
    team = Team(cache=Shelf(tells_etags=False))

    await team.publish(resources(range(2)))

    assert all(row.etag for row in (await team.rows()).values())


async def test_a_probe_asks_the_server_though_nothing_changed() -> None:
    team = Team()
    await team.publish(resources(range(1)))

    assert (await team.publish(resources(range(1)), probing=True)).reached
    assert team.cache.asked["listing"] == 3


async def test_what_the_server_said_it_stored_and_lost_is_written_again() -> None:
    team = Team()
    team.cache.stores = lambda uid: uid != "u1"
    report = await team.publish(resources(range(3)))
    assert (report.created, report.refused, report.waiting) == (3, 1, 1)

    team.cache.stores = lambda _uid: True
    await team.publish(resources(range(3)))

    assert team.holds(resources(range(3)))


async def test_a_server_that_stores_nothing_is_reported_as_such() -> None:
    team = Team()
    team.cache.stores = lambda _uid: False

    with pytest.raises(Fatal, match="none of them is there"):
        await team.publish(resources(range(3)))


async def test_a_write_without_an_answer_is_recognized_when_its_conference_is_gone() -> None:
    team = Team()
    await team.publish(resources(range(1)))
    team.cache.loses_answers, team.cache.refusing["u1"] = True, Retryable("torn", delay_seconds=900.0)
    with pytest.raises(Retryable):
        await team.publish(resources(range(2)))
    assert "/team/u1.ics" in team.cache.held

    team.cache.refusing.clear()
    await team.publish(resources(range(1)))

    assert team.holds(resources(range(1)))
