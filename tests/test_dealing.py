"""
The order in which workers run the tests.
"""

import pytest

from tests.dealing import deal

SHORT = [f"short{module}.{number}" for module in range(12) for number in range(10)]
LONG = [f"long{module}.{number}" for module in range(7) for number in range(3)]
TESTS = [*SHORT[:50], *LONG, *SHORT[50:]]


def module_of(test: str) -> str:
    return test.partition(".")[0]


def is_long(test: str) -> bool:
    return test.startswith("long")


def runs(workers: int) -> list[list[str]]:
    """Return what each worker begins with, as xdist cuts the list."""
    dealt = deal(TESTS, workers, module_of=module_of, is_long=is_long)
    found = []
    for left in range(workers, 0, -1):
        size = len(dealt) // left
        found.append(dealt[:size])
        del dealt[:size]
    return found


@pytest.mark.parametrize("workers", [1, 2, 3, 5, 200])
def test_every_test_is_dealt_once(workers: int) -> None:
    assert sorted(test for run in runs(workers) for test in run) == sorted(TESTS)


@pytest.mark.parametrize("workers", [2, 3, 5])
def test_each_worker_has_as_many_modules_of_long_tests_and_ends_with_short_ones(workers: int) -> None:
    modules = [{module_of(test) for test in run if is_long(test)} for run in runs(workers)]

    assert max(map(len, modules)) - min(map(len, modules)) <= 1
    assert not any(is_long(test) for run in runs(workers) for test in run[-len(run) // 5 :])


@pytest.mark.parametrize("workers", [1, 2, 3, 5])
def test_the_tests_of_a_module_stay_together_and_in_order(workers: int) -> None:
    dealt = [test for run in runs(workers) for test in run]

    for module in range(7):
        begin = dealt.index(f"long{module}.0")
        assert dealt[begin : begin + 3] == [f"long{module}.{number}" for number in range(3)]
    assert [test for test in dealt if not is_long(test)] == SHORT
