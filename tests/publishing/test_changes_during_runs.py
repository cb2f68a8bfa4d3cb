"""
What changes in the middle of a round: published soon, and nobody pays for it. Counted, not timed.
"""

import asyncio
from datetime import timedelta

from service.core.errors import AnswerUnusable
from service.publishing.model import RemoteRules, Standing
from tests.publishing.office import Office, office_of
from tests.publishing.shelf import resources, too_large


async def test_a_change_of_a_collection_that_is_being_filled_is_published_right_after() -> None:
    office = office_of(300, 3)
    await office.keep(until=1)
    await office.let_run()
    assert office.rendered == {"p0": 1}
    office.desired["p0"] = resources(range(4))

    await office.publish_a_fourth("p0", ticks=20)

    assert sum(not shelf.held for shelf in office.shelves.values()) > 250


async def test_a_collection_that_is_gone_when_its_run_ends_is_not_run_over_again() -> None:
    office = office_of(3, 3)
    await office.keep(until=1)
    await office.let_run()
    assert office.rendered == {"p0": 1}

    del office.desired["p0"]
    office.reconciler.mark_changed()
    await office.finish()

    assert office.rendered == {"p0": 1, "p1": 1, "p2": 1}


async def test_one_at_a_time_the_others_are_filled_though_one_changes_in_each_of_its_runs() -> None:
    office = Office({f"p{number}": resources(range(1)) for number in range(5)}, concurrency=1)
    office.round = asyncio.create_task(office.reconciler.once())
    runs = 0
    while not all(shelf.held for shelf in office.shelves.values()):
        await office.let_run()
        if office.rendered["p0"] > runs:
            runs = office.rendered["p0"]
            office.desired["p0"] = resources(range(1), f"Topic {runs}")
            office.reconciler.mark_changed()
        await office.step()
        assert runs < 20

    office.round.cancel()
    await asyncio.gather(office.round, return_exceptions=True)
    assert office.most_at_once == 1


async def test_a_change_elsewhere_costs_a_refused_resource_no_further_try() -> None:
    office = office_of(2, 2)
    office.shelves["p0"].refusing["u0"] = too_large()
    await office.keep(until=1)
    await office.let_run()
    assert office.rendered == {"p0": 1}

    office.desired["p1"] = resources(range(3))
    office.reconciler.mark_changed()
    await office.finish()
    await office.keep()

    row = (await office.ledger.publications("team/p0"))["u0"]
    assert (row.standing, row.refusals) == (Standing.WAITING, 2)


async def given_one_that_failed_after_it_was_filled(rules: RemoteRules) -> Office:
    """Return an office in whose round one collection may be run over again, while others are filled."""
    others = {f"p{number}": resources(range(30)) for number in range(1, 4)}
    office = Office({"p0": resources(range(3)), **others}, rules)
    office.shelves["p0"].refusing["u2"] = AnswerUnusable("not HTTP")
    await office.keep(until=1)
    while office.shelves["p0"].asked["Create"] < 3:
        await office.step()
    await office.let_run()
    office.shelves["p0"].refusing.clear()
    office.clock.now += timedelta(seconds=20)
    return office


async def test_what_is_gone_after_a_failure_in_the_same_round_is_deleted() -> None:
    office = await given_one_that_failed_after_it_was_filled(RemoteRules())

    office.desired["p0"] = resources(range(1, 3))
    office.reconciler.mark_changed()
    await office.finish()
    await office.keep()

    assert set(office.shelves["p0"].held) == {"/team/u1.ics", "/team/u2.ics"}


async def test_what_changed_after_a_failure_in_the_same_round_is_still_ours() -> None:
    office = await given_one_that_failed_after_it_was_filled(RemoteRules("keep", "keep"))

    office.desired["p0"] = resources(range(3), "Moved")
    office.reconciler.mark_changed()
    await office.finish()
    await office.keep()

    rows = await office.ledger.publications("team/p0")
    assert {row.standing for row in rows.values()} == {Standing.PUBLISHED}
