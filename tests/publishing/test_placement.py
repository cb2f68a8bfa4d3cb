"""
The row in the ledger says how a resource is doing in a collection.
"""

import pytest

from service.core.placement import PlacementState
from service.publishing.model import Publication, Standing
from service.publishing.placement import place

DESIRED = "the digest"


@pytest.mark.parametrize(
    ("standing", "digest", "state"),
    [
        (Standing.WAITING, DESIRED, PlacementState.WAITING),
        (Standing.PUBLISHED, DESIRED, PlacementState.IN_STEP),
        (Standing.PUBLISHED, "another", PlacementState.WAITING),
        (Standing.PARKED, DESIRED, PlacementState.REFUSED),
        (Standing.THEIRS, DESIRED, PlacementState.CHANGED),
        (Standing.GONE, DESIRED, PlacementState.DELETED),
    ],
)
def test_a_row_decides_and_what_was_written_must_be_what_is_wanted(
    standing: Standing, digest: str, state: PlacementState
) -> None:
    assert place(Publication("u", digest=digest, standing=standing), {DESIRED}) is state


def test_without_a_row_it_waits_where_the_collection_should_hold_it() -> None:
    assert place(None, {DESIRED}) is PlacementState.WAITING
    assert place(None, ()) is PlacementState.NOT_BY_RULE


def test_what_the_collection_should_hold_no_more_waits_to_be_removed() -> None:
    assert place(Publication("u", digest=DESIRED, standing=Standing.PUBLISHED), ()) is PlacementState.WAITING
