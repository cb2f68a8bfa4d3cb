"""
What each of several replicas takes.
"""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from service.core.lease import Lease
from service.core.replicas import (
    HOUSEKEEPING,
    Census,
    Replica,
    Shares,
    digest_names,
    divide,
    find_strangers,
    may_render,
)

ROOMS = [f"source/room{number}" for number in range(10)]


def replica(holder: str, wanted: Sequence[str] = ROOMS, rendering: str = "same") -> Replica:
    return Replica(holder, "1.0", rendering, digest_names(wanted))


def census(*replicas: Replica, **held: Sequence[str]) -> Census:
    leases = {name: Lease(name, holder, 1) for holder, names in held.items() for name in names}
    return Census(replicas, leases)


def test_a_replica_on_its_own_takes_everything() -> None:
    one = replica("one")

    assert sorted(divide(ROOMS, (), one, census(one)).take) == ROOMS


def test_a_new_replica_gets_its_share_and_the_others_keep_theirs() -> None:
    one, two = replica("one"), replica("two")
    known = census(one, two, one=ROOMS)

    given_back = divide(ROOMS, ROOMS, one, known).release
    assert len(given_back) == 5
    assert divide(ROOMS, (), two, known) == Shares()
    kept = [name for name in ROOMS if name not in given_back]
    assert sorted(divide(ROOMS, (), two, census(one, two, one=kept)).take) == sorted(given_back)


def test_each_kind_of_part_is_shared_for_itself() -> None:
    wanted = [*ROOMS, HOUSEKEEPING, "target/a", "target/b"]
    one, two = replica("one", wanted), replica("two", wanted)

    taken = divide(wanted, (), one, census(one, two)).take

    assert sorted(name.partition("/")[0] for name in taken) == [HOUSEKEEPING, *["source"] * 5, "target"]


def test_what_the_settings_no_longer_name_is_released() -> None:
    one = replica("one", ROOMS[1:])

    assert divide(ROOMS[1:], ROOMS, one, census(one, one=ROOMS)).release == (ROOMS[0],)


def test_replicas_with_other_settings_take_nothing_from_each_other() -> None:
    before, after = replica("before"), replica("after", [*ROOMS, "source/new"])
    known = census(before, after, before=ROOMS)

    assert divide(ROOMS, ROOMS, before, known) == Shares()
    assert divide([*ROOMS, "source/new"], (), after, known).take == ("source/new",)


def test_nothing_is_rendered_anew_beside_a_replica_that_renders_otherwise() -> None:
    one, two = replica("one"), replica("two", rendering="other")

    assert may_render(one, census(one))
    assert not may_render(one, census(one, two))


@given(st.integers(1, 40), st.integers(1, 7))
def test_the_division_comes_to_rest_with_everything_held_and_nobody_above_a_share(
    parts: int, replicas: int
) -> None:
    names = [f"source/{number}" for number in range(parts)]
    living = tuple(replica(f"r{number}", names) for number in range(replicas))
    owners: dict[str, str] = {}

    for _ in range(3):
        for each in living:
            known = Census(living, {name: Lease(name, owner, 1) for name, owner in owners.items()})
            own = [name for name, owner in owners.items() if owner == each.holder]
            shares = divide(names, own, each, known)
            for name in shares.release:
                assert owners.pop(name) == each.holder
            owners |= dict.fromkeys(shares.take, each.holder)

    counts = [list(owners.values()).count(each.holder) for each in living]
    assert sorted(owners) == sorted(names)
    assert max(counts) <= -(-parts // replicas)


def test_replicas_of_one_version_that_work_otherwise_are_strangers() -> None:
    one, same, other = replica("one"), replica("same"), replica("other", rendering="other")
    newer = Replica("newer", "1.1", "newer")

    assert find_strangers(one, census(one, same, other, newer)) == ("other",)
    assert find_strangers(newer, census(one, same, other, newer)) == ()
