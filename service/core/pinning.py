"""
A source that is pinned to one TrueConf user (`CONFCAL_SOURCES__<NAME>__ACCOUNT`).
"""

from service.core.conference import Account
from service.core.trueconf_id import TrueConfId


def refusal_of(account: Account, pinned: Account | None) -> str:
    """Return a sentence about why a list of `account` is refused from a source; empty if it is accepted."""
    if pinned is None or _fold(account) == _fold(pinned):
        return ""
    return (
        f"the list is of {account}, another user than ACCOUNT; "
        f"log in as {pinned} there, or change the ACCOUNT of the source"
    )


def refusal_of_peer(peer_id: str, pinned: Account | None) -> str:
    """Return why a list is refused for the peer it names; empty if it is accepted or names nobody."""
    if pinned is None or not peer_id:
        return ""
    return refusal_of(account_named(peer_id, server=pinned.server), pinned)


def account_named(text: str, *, server: str) -> Account:
    """Return the account that a TrueConf ID names. Without a server in the ID, `server` counts."""
    named = TrueConfId.parse(text).at(server)
    return Account(named.user, named.server)


def _fold(account: Account) -> str:
    return TrueConfId(account.peer, account.server).folded
