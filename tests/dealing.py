"""
In which order several workers run the tests, so that none waits for another at the end.

Each worker gets a run of the list, as long as those of the others, and whoever is done takes tests from the
end of another one's run. Tests that start daemons wait for half of their time: where they stood together at
the end, the processors waited with them.
"""

from collections.abc import Callable, Hashable, Sequence
from itertools import groupby
from typing import TypeVar

Test = TypeVar("Test")

PART_WITH_LONG_TESTS = 0.75
"""How far into a worker's run long tests stand; what is left to the end is short, and easy to share."""


def deal(
    tests: Sequence[Test],
    workers: int,
    *,
    module_of: Callable[[Test], Hashable],
    is_long: Callable[[Test], bool],
) -> list[Test]:
    """
    Return all tests in an order in which each worker has as many long ones, among short ones.

    Modules with long tests stay together. So do the others, but for those at the end of a worker's run.
    """
    modules = [list(group) for _, group in groupby(tests, key=module_of)]
    long = [module for module in modules if is_long(module[0])]
    short = [test for module in modules if not is_long(module[0]) for test in module]
    hands = [long[number::workers] for number in range(workers)]
    dealt: list[Test] = []
    for number, hand in enumerate(hands):
        size = (len(tests) - len(dealt)) // (workers - number)
        taken = max(0, size - sum(map(len, hand)))
        dealt += _mix(hand, short[:taken])
        del short[:taken]
    return dealt + short


def _mix(long: Sequence[Sequence[Test]], short: Sequence[Test]) -> list[Test]:
    mixed: list[Test] = []
    begun = 0
    for number, module in enumerate(long):
        until = int(len(short) * PART_WITH_LONG_TESTS * number / len(long))
        mixed += [*short[begun:until], *module]
        begun = until
    return [*mixed, *short[begun:]]
