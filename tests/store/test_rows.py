"""
What is read to stay, and the garbage collector.
"""

import gc

from service.store.rows import pause_garbage_collection


def test_what_is_read_to_stay_is_searched_neither_meanwhile_nor_later() -> None:
    before = gc.get_freeze_count()
    try:
        with pause_garbage_collection(for_good=True):
            assert not gc.isenabled()
            kept: list[list[int]] = [[] for _ in range(10_000)]

        assert gc.get_freeze_count() - before >= len(kept)
        assert gc.isenabled()
    finally:
        gc.unfreeze()


def test_what_is_read_for_a_moment_stays_under_the_collector() -> None:
    before = gc.get_freeze_count()
    with pause_garbage_collection():
        assert not gc.isenabled()

    assert gc.get_freeze_count() == before
    assert gc.isenabled()
