"""
The states of sources and targets in words: each has some, and they are the same wherever they are said.
"""

import pytest

from service.core.sources import IN_TROUBLE, SourceState
from service.core.state_words import explain_source, explain_target, name_source
from service.core.target_state import TargetState
from service.language import translator

RUSSIAN = translator("ru")


@pytest.mark.parametrize("state", SourceState)
def test_each_state_of_a_source_has_a_name_in_both_languages(state: SourceState) -> None:
    assert name_source(state, str) != name_source(state, RUSSIAN)


def test_no_two_states_of_a_source_have_the_same_name() -> None:
    assert len({name_source(state, RUSSIAN) for state in SourceState}) == len(SourceState)


@pytest.mark.parametrize("state", sorted(IN_TROUBLE))
def test_each_trouble_of_a_source_is_explained_with_its_place(state: SourceState) -> None:
    assert "10.0.0.15" in explain_source(state, "10.0.0.15", str)
    assert explain_source(state, "10.0.0.15", str) != explain_source(state, "10.0.0.15", RUSSIAN)


def test_a_source_that_listens_has_nothing_to_explain() -> None:
    assert explain_source(SourceState.LISTENING, "10.0.0.15", str) == ""


def test_a_target_is_explained_where_its_server_cannot_be_used() -> None:
    explained = {state for state in TargetState if explain_target(state, str)}

    assert explained == {TargetState.DOWN, TargetState.FAILING}
    assert all(explain_target(state, str) != explain_target(state, RUSSIAN) for state in explained)
