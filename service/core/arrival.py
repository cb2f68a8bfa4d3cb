"""
A list that changes nothing: only its arrival is recorded, together with those of other lists.
"""

from dataclasses import dataclass
from typing import TypeAlias

from service.core.changes import Changes
from service.core.errors import LeaseLost, StaleState
from service.core.lease import Fence


@dataclass(frozen=True, slots=True)
class Arrival:
    """
    The arrival of a list, as decided at a version of the state.
    """

    changes: Changes
    """Empty but for the arrival."""

    version: int
    fence: Fence | None = None
    """Of the part that heard the list; None outside of every part."""


Refusal: TypeAlias = StaleState | LeaseLost
"""Why one arrival of several was not recorded."""
