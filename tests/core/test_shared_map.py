"""
A shared map says what a dictionary says, and a change of it touches little.
"""

import tracemalloc
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.shared_map import SharedMap

MANY = 20_000
KEYS = st.integers(0, 800)
SIZES = st.sampled_from([0, 250, 256, 257, 600])
"""On both sides of what one leaf holds."""

STEPS = st.lists(st.tuples(st.dictionaries(KEYS, st.text(max_size=3), max_size=300), st.sets(KEYS)))


@given(SIZES, STEPS)
def test_it_equals_a_dictionary_after_any_changes(
    size: int, steps: list[tuple[dict[int, str], set[int]]]
) -> None:
    plain = dict.fromkeys(range(size), "from the start")
    shared = SharedMap(plain)
    for changed, gone in steps:
        before, was = shared, dict(plain)
        left = gone - changed.keys()
        shared = shared.replace(changed, left)
        plain = {key: value for key, value in plain.items() if key not in left} | changed

        assert shared == plain
        assert (len(shared), sorted(shared)) == (len(plain), sorted(plain))
        assert sorted(shared.items()) == sorted(plain.items())
        assert all((key in shared) == (key in plain) for key in range(801))
        assert all(shared.get(key, "none") == plain.get(key, "none") for key in range(801))
        assert before == was
        differing = {key for key in was.keys() | plain.keys() if was.get(key) is not plain.get(key)}
        assert shared.find_differing(before) == differing


@pytest.mark.parametrize("size", [1, 2, 256, 257])
def test_keys_of_one_hash_stay_apart(size: int) -> None:
    numbers = range(size)

    @dataclass(frozen=True)
    class Same:
        number: int

        def __hash__(self) -> int:
            return 1

    shared = SharedMap[Same, int]().replace({Same(number): number for number in numbers})

    assert sorted(shared.values()) == list(numbers)
    assert all(shared[Same(number)] == number for number in numbers)
    assert Same(size) not in shared
    assert shared.get(Same(size)) is None


def test_what_changes_nothing_is_the_same_object() -> None:
    shared = SharedMap({1: "a"})

    assert shared.replace({}) is shared
    assert shared.replace({}, [2]) is shared


def test_a_change_takes_no_more_memory_among_many_than_among_few() -> None:
    def taken(count: int) -> int:
        shared = SharedMap(dict.fromkeys(range(count), ""))
        tracemalloc.start()
        try:
            following = shared.replace({5: "changed"})
            taken = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert following.find_differing(shared) == {5}
        return taken

    assert taken(MANY) < 20_000
    assert taken(MANY) < 2 * taken(MANY // 10)
