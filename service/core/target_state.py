"""
How a target is doing, in one word.
"""

from enum import StrEnum


class TargetState(StrEnum):
    """
    How a target is doing; the word is what people and programs see.
    """

    STARTING = "starting"
    """No pass was made yet."""

    IN_STEP = "in step"
    """The collection holds what it should."""

    WAITING = "waiting"
    """Some resources are to be tried again, or there is no list or calendar yet."""

    INCOMPLETE = "incomplete"
    """The server refuses some resources for good; the others are there."""

    DOWN = "down"
    """The server cannot be used now."""

    FAILING = "failing"
    """Something must be corrected, or the server is not understood."""

    ELSEWHERE = "elsewhere"
    """Another replica publishes to it, and the journal has no trouble of it."""


PUBLISHING = frozenset({TargetState.IN_STEP, TargetState.WAITING, TargetState.INCOMPLETE})
"""The states in which what changes is published."""
