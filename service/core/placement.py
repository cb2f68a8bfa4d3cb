"""
How a conference is doing in a collection on a server.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never


class PlacementState(StrEnum):
    """
    How a conference is doing in a collection; the word is what people and programs see.
    """

    IN_STEP = "in step"
    """The server has it as it should be."""

    WAITING = "waiting"
    """It is to be written, changed or removed there."""

    REFUSED = "refused"
    """The server refuses it, and it is tried again now and then."""

    CHANGED = "changed there"
    """A person changed it there, and the change stays."""

    DELETED = "deleted there"
    """A person deleted it there, and it stays away."""

    NOT_BY_RULE = "not by rule"
    """The calendar of the collection does not hold it."""


@dataclass(frozen=True, slots=True)
class Placement:
    """
    How one conference is doing in one collection of a target.
    """

    target: str
    calendar: str
    state: PlacementState
    reason: str = ""
    """Why the server refuses it, or what was noticed there; empty where nothing was."""

    def describe(self) -> str:
        """Return it as a sentence for an administrator."""
        because = f": {self.reason}" if self.reason else ""
        match self.state:
            case PlacementState.IN_STEP:
                return f"{self.target} has it as it should be ({self.calendar})"
            case PlacementState.WAITING:
                return f"{self.target} waits for it to be written or removed ({self.calendar}){because}"
            case PlacementState.REFUSED:
                return f"{self.target} refuses it ({self.calendar}){because}"
            case PlacementState.CHANGED:
                return f"{self.target} has it as a person changed it there ({self.calendar}){because}"
            case PlacementState.DELETED:
                return f"{self.target} has it no more: a person deleted it there ({self.calendar}){because}"
            case PlacementState.NOT_BY_RULE:
                return f"{self.target} does not have it: {self.calendar} does not hold it"
            case _ as unreachable:
                assert_never(unreachable)
