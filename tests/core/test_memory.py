"""
What was freed goes back to the system.
"""

from service.core.memory import give_back_freed


def test_it_may_be_given_back_at_any_time() -> None:
    kept = [bytes(1000) for _ in range(10_000)]
    del kept[::2]

    give_back_freed()
    give_back_freed()

    assert len(kept) == 5_000
