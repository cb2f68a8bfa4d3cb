"""
A target with many collections: in parallel, what changed first, and only what changed. Counted, not timed.
"""

from service.core.errors import CredentialsRefused, Retryable
from tests.publishing.office import CONCURRENCY, office_of
from tests.publishing.shelf import HOUR, resources


async def test_three_hundred_collections_are_filled_at_the_full_width_of_the_target() -> None:
    office = office_of(300, 3)

    await office.keep()

    assert all(len(shelf.held) == 3 for shelf in office.shelves.values())
    assert office.most_at_once == CONCURRENCY
    assert office.requests == 300 * 4
    assert office.ticks <= 1.3 * office.requests / CONCURRENCY


async def test_only_what_changed_is_rendered_and_written() -> None:
    office = office_of(300, 2)
    await office.keep()
    office.written.clear()
    office.rendered.clear()
    office.ledger.asked.clear()

    office.desired["p17"] = resources(range(3))
    await office.keep()

    assert office.written == ["p17"]
    assert office.rendered == {"p17": 1}
    assert office.ledger.asked == {"targets": 1, "publications": 1}


async def test_the_queries_of_a_first_fill_grow_with_the_collections_and_not_with_their_square() -> None:
    office = office_of(100, 1)

    await office.keep()

    assert office.ledger.asked["targets"] == 1
    assert office.ledger.asked["publications"] <= 2 * 100


async def test_a_change_is_published_while_a_first_fill_is_under_way() -> None:
    office = office_of(300, 3)
    await office.keep(until=60)
    assert len(office.shelves["p0"].held) == 3
    untouched = sum(not shelf.held for shelf in office.shelves.values())
    office.desired["p0"] = resources(range(4))

    await office.publish_a_fourth("p0", ticks=20)

    assert untouched > 200
    assert sum(not shelf.held for shelf in office.shelves.values()) > 180


async def test_a_wrong_password_is_tried_once() -> None:
    office = office_of(20, 1)
    for shelf in office.shelves.values():
        shelf.down = CredentialsRefused("401")

    await office.keep()

    assert office.requests == 1
    assert office.reconciler.status.error == "401"


async def test_an_error_that_concerns_all_ends_a_round_in_parallel() -> None:
    office = office_of(20, 1)
    await office.keep()
    office.requests = 0
    for name, shelf in office.shelves.items():
        shelf.refusing[""] = CredentialsRefused("401")
        office.desired[name] = resources(range(2))

    await office.keep()

    assert office.requests <= 2 * CONCURRENCY
    assert (office.reconciler.status.state, office.reconciler.status.error) == ("failing", "401")


async def test_a_target_in_trouble_is_asked_by_one_collection_alone() -> None:
    office = office_of(20, 1)
    for shelf in office.shelves.values():
        shelf.down = Retryable("unreachable")
    await office.keep()
    office.requests = office.most_at_once = 0

    await office.keep()

    assert (office.requests, office.most_at_once) == (1, 1)
    for shelf in office.shelves.values():
        shelf.down = None
    await office.keep()
    assert all(len(shelf.held) == 1 for shelf in office.shelves.values())
    assert office.reconciler.status.state == "in step"


async def test_what_failed_or_waits_is_run_over_again_though_nothing_changed() -> None:
    office = office_of(3, 1)
    office.shelves["p1"].refusing[""] = Retryable("423: locked")
    await office.keep()
    office.shelves["p1"].refusing.clear()

    office.clock.now += HOUR / 2
    await office.keep()

    assert [len(shelf.held) for shelf in office.shelves.values()] == [1, 1, 1]


async def test_a_collection_is_looked_at_again_when_its_audit_is_due() -> None:
    office = office_of(2, 1)
    await office.keep()
    del office.shelves["p0"].held["/team/u0.ics"]

    await office.keep()
    assert not office.shelves["p0"].held
    office.clock.now += HOUR
    await office.keep()

    assert office.shelves["p0"].asked["listing"] == 2
