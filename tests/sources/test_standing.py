"""
What a source shows while somebody is logged in whose lists are not taken.
"""

from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from service.core.conference import Account
from service.core.sources import IN_TROUBLE, SourceState
from service.sources.connection import ConnectionLost
from service.sources.hooks import NoHooks
from service.sources.standing import Standing

NOW = datetime(2026, 12, 7, 7, tzinfo=UTC)
REASON = "the list is of somebody else"


@pytest.fixture
def standing() -> Standing:
    return Standing("lobby", hooks=NoHooks(), now=lambda: NOW)


def test_a_refused_list_is_trouble_with_its_reason(standing: Standing) -> None:
    standing.refuse("10.0.0.15", REASON)

    assert standing.status.state is SourceState.WRONG_USER
    assert standing.status.state in IN_TROUBLE
    assert standing.status.error == f"10.0.0.15: {REASON}"


def test_neither_a_new_connection_nor_its_authorization_makes_another_user_leave(standing: Standing) -> None:
    standing.refuse("10.0.0.15", REASON)
    standing.show_progress(SourceState.CONNECTING)
    standing.show_progress(SourceState.AUTHORIZING)
    standing.note_authorized()

    assert standing.status.state is SourceState.WRONG_USER


def test_an_endpoint_that_owed_a_list_has_paid_with_a_refused_one(standing: Standing) -> None:
    standing.note_lost(ConnectionLost("it says nothing", state=SourceState.SILENT), 1.0)
    standing.note_account(Account("lobby", "video.example.com"))
    owing = standing.status

    standing.refuse("10.0.0.15", REASON)
    standing.note_account(Account("lobby", "video.example.com"))

    assert (owing.state, standing.status.state) == (SourceState.SILENT, SourceState.LISTENING)


def test_a_refused_list_shows_that_what_was_rejected_is_past(standing: Standing) -> None:
    standing.note_rejected("frame", "no JSON that can be read", 7)
    standing.refuse("10.0.0.15", REASON)

    assert standing.rejection == ""


def test_a_refusal_is_logged_again_after_the_right_user_was_there(standing: Standing) -> None:
    with capture_logs() as logs:
        standing.refuse("10.0.0.15", REASON)
        standing.refuse("10.0.0.15", REASON)
        standing.note_account(Account("lobby", "video.example.com"))
        standing.refuse("10.0.0.15", REASON)

    assert [each["event"] for each in logs].count("trueconf.list_refused") == 2
