"""
The words for how a source or a target is doing.
"""

from enum import StrEnum

import pytest

from service.core.sources import IN_TROUBLE, SourceState
from service.core.target_state import PUBLISHING, TargetState


@pytest.mark.parametrize("states", [SourceState, TargetState])
def test_each_state_is_one_lower_case_phrase_of_its_own(states: type[StrEnum]) -> None:
    words = [state.value for state in states]

    assert len(set(words)) == len(words)
    assert all(word == word.lower() and word.replace(" ", "").isalpha() for word in words)


def test_a_source_that_lists_can_come_from_is_not_in_trouble() -> None:
    fine = {SourceState.CONNECTING, SourceState.AUTHORIZING, SourceState.LISTENING, SourceState.WAITING}

    assert set(SourceState) - fine == IN_TROUBLE


def test_a_target_that_is_down_or_failing_publishes_nothing() -> None:
    assert not {TargetState.DOWN, TargetState.FAILING, TargetState.STARTING} & PUBLISHING
