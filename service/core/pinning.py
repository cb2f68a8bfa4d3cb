"""
A source that is pinned to one TrueConf user (`CONFCAL_SOURCES__<NAME>__ACCOUNT`).
"""

from service.core.conference import Account
from service.core.trueconf_id import TrueConfId


def refusal_of(account: Account, pinned: Account | None) -> str:
    """Return why a list of `account` is not taken from a source, as a sentence; empty where it is taken."""
    if pinned is None or _folded(account) == _folded(pinned):
        return ""
    return (
        f"the list is of {account}, another user than ACCOUNT; "
        f"log in as {pinned} there, or change the ACCOUNT of the source"
    )


def refusal_of_peer(peer_id: str, pinned: Account | None) -> str:
    """Return why a list that says whose it is is not taken; empty where it is taken, or does not say."""
    if pinned is None or not peer_id:
        return ""
    return refusal_of(account_named(peer_id, server=pinned.server), pinned)


def account_named(text: str, *, server: str) -> Account:
    """Return the account that a TrueConf ID names, on `server` where it names none."""
    named = TrueConfId.parse(text).at(server)
    return Account(named.user, named.server)


def _folded(account: Account) -> str:
    return TrueConfId(account.peer, account.server).folded
