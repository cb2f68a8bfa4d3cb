"""
How a resource is doing in a collection, by its row in the ledger.
"""

from collections.abc import Collection
from typing import assert_never

from service.core.placement import PlacementState
from service.publishing.model import Publication, Standing


def place(row: Publication | None, digests: Collection[str]) -> PlacementState:
    """
    Return how a resource is doing that has `row` in the ledger.

    `digests` are those of the bodies that count as up to date; without any the collection should not hold it.
    """
    if row is None:
        return PlacementState.WAITING if digests else PlacementState.NOT_BY_RULE
    match row.standing:
        case Standing.PARKED:
            return PlacementState.REFUSED
        case Standing.THEIRS:
            return PlacementState.CHANGED
        case Standing.GONE:
            return PlacementState.DELETED
        case Standing.WAITING:
            return PlacementState.WAITING
        case Standing.PUBLISHED:
            return PlacementState.IN_STEP if row.digest in digests else PlacementState.WAITING
        case _ as unreachable:
            assert_never(unreachable)
