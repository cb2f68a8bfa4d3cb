"""
How a conference is doing in a collection, in words.
"""

import pytest

from service.core.placement import Placement, PlacementState


@pytest.mark.parametrize("state", PlacementState)
def test_each_state_is_a_sentence_with_target_and_calendar(state: PlacementState) -> None:
    sentence = Placement("cloud", "all", state, "too large").describe()

    assert sentence.startswith("cloud ")
    assert "all" in sentence


def test_no_two_states_have_the_same_sentence() -> None:
    assert len({Placement("cloud", "all", state).describe() for state in PlacementState}) == len(
        PlacementState
    )


def test_a_reason_is_said_where_there_is_one() -> None:
    assert Placement("cloud", "all", PlacementState.REFUSED, "too large").describe().endswith(": too large")
    assert ":" not in Placement("cloud", "all", PlacementState.REFUSED).describe()
