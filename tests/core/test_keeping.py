"""
What somebody decided to keep stays, until the lists lack something else.
"""

from datetime import timedelta

from service.core.conference import Snapshot
from service.core.revision import Policy, approve, keep, revise
from service.core.state import State
from tests.core.given import NOW, ROOM, listed, many

POLICY = Policy()
HOUR = timedelta(hours=1)
TEN = many(10)


def hear(state: State, snapshot: Snapshot) -> State:
    changes = revise(state, snapshot, POLICY)
    return state.after(changes, snapshot, state.version + 1)


def keep_held() -> State:
    """Ten conferences of which eight are missing, and somebody keeps them."""
    state = hear(hear(State(), listed(*TEN)), listed(*TEN[8:], at=NOW + HOUR))
    changes = keep(state, ROOM)
    assert changes is not None
    return state.after(changes, None, state.version + 1)


def members(state: State) -> int:
    return len(state.account(ROOM).reported)


def test_what_is_kept_stays_however_many_lists_agree() -> None:
    state = keep_held()
    for hours in range(2, 30):
        state = hear(state, listed(*TEN[8:], at=NOW + hours * HOUR))

    assert members(state) == 10
    held = state.account(ROOM).held
    assert held is not None
    assert held.kept


def test_what_is_kept_stays_though_new_conferences_make_it_few() -> None:
    state = keep_held()
    more = many(40)[10:]
    for hours in range(2, 6):
        state = hear(state, listed(*TEN[8:], *more, at=NOW + hours * HOUR))

    assert members(state) == 40


def test_some_that_come_back_leave_the_others_kept() -> None:
    state = keep_held()
    for hours in range(2, 6):
        state = hear(state, listed(*TEN[4:], at=NOW + hours * HOUR))

    held = state.account(ROOM).held
    assert held is not None
    assert (held.kept, len(held.missing), members(state)) == (True, 4, 10)


def test_a_list_that_lacks_something_else_is_held_anew_and_not_applied_at_once() -> None:
    state = hear(keep_held(), listed(*TEN[9:], at=NOW + 2 * HOUR))

    held = state.account(ROOM).held
    assert held is not None
    assert (held.kept, held.lists, members(state)) == (False, 1, 10)


def test_what_is_kept_can_be_removed_after_all() -> None:
    state = keep_held()
    changes = approve(state, ROOM, POLICY, NOW + 2 * HOUR)

    assert changes is not None
    assert members(state.after(changes, None, state.version + 1)) == 2


def test_keeping_ends_once_all_are_listed_again() -> None:
    state = hear(keep_held(), listed(*TEN, at=NOW + 2 * HOUR))

    assert state.account(ROOM).held is None


def test_nothing_is_kept_where_nothing_is_held() -> None:
    assert keep(hear(State(), listed(*TEN)), ROOM) is None
