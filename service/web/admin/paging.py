"""
A part of a long list, behind a name from the address.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """
    Some of a list, in its order.
    """

    items: Sequence[T]
    total: int
    after: str
    """Behind which item the following ones are; empty at the end."""

    from_start: bool
    """Whether none comes before these."""


def take_part(items: Sequence[T], after: str, most: int, name: Callable[[T], str]) -> Part[T]:
    """Return at most `most` items behind the one named `after`, from the start where none is."""
    names = [name(each) for each in items]
    start = names.index(after) + 1 if after in names else 0
    shown = items[start : start + most]
    more = start + most < len(items)
    return Part(shown, len(items), names[start + most - 1] if more else "", from_start=start == 0)
