"""
A source that is pinned to one user takes nobody else's list.
"""

import pytest

from service.core.conference import Account
from service.core.pinning import account_named, refusal_of, refusal_of_peer

LOBBY = Account("lobby", "video.example.com")


@pytest.mark.parametrize("account", [LOBBY, Account("LOBBY", "video.example.com")])
def test_the_pinned_user_is_taken_however_it_is_spelled(account: Account) -> None:
    assert refusal_of(account, LOBBY) == ""


@pytest.mark.parametrize(
    "account", [Account("ivanov", "video.example.com"), Account("lobby", "other.example.com")]
)
def test_another_user_and_another_server_are_refused_with_what_to_do(account: Account) -> None:
    assert refusal_of(account, LOBBY) == (
        f"the list is of {account}, another user than ACCOUNT; "
        "log in as lobby@video.example.com there, or change the ACCOUNT of the source"
    )


def test_without_a_pin_everybody_is_taken() -> None:
    assert refusal_of(LOBBY, None) == refusal_of_peer("ivanov@elsewhere", None) == ""


@pytest.mark.parametrize("peer_id", ["", "lobby", "Lobby@VIDEO.example.com/desk"])
def test_a_list_that_says_nothing_else_is_the_pinned_user_s(peer_id: str) -> None:
    assert refusal_of_peer(peer_id, LOBBY) == ""


def test_a_list_that_says_it_is_another_user_s_is_refused() -> None:
    assert "of ivanov@video.example.com, another user" in refusal_of_peer("ivanov", LOBBY)


def test_an_account_is_read_off_a_trueconf_id() -> None:
    assert account_named("Lobby@Video.Example.com/x", server="") == Account("Lobby", "video.example.com")
