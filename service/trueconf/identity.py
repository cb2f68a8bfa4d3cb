"""
The owner of a list: an account assembled from the answers of an endpoint.

Each endpoint serves one logged-in TrueConf user (TrueConf VideoSDK, commands/getSystemInfo, `authInfo`).
"""

import re
from dataclasses import dataclass, replace
from typing import Final

from service.core.conference import Account
from service.core.trueconf_id import TrueConfId

NAMING: Final = frozenset({"getlogin", "getsysteminfo"})
"""The commands whose answers name the user, in lower case."""

LOCATING: Final = frozenset({"getconnected"})
"""The command whose answer names the server."""

# The names of accounts and servers are database keys, and PostgreSQL refuses some of these there.
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Identity:
    """
    What is known so far about the user of an endpoint.
    """

    peer: str = ""
    peer_server: str = ""
    """The part of the user's id behind `@`."""

    domain: str = ""
    """The server's own name for itself."""

    unanswered: frozenset[str] = NAMING | LOCATING
    """The commands under way whose answers may still change the account."""

    def with_user(self, peer_id: str) -> "Identity":
        """
        Return the identity with the user's id: `user`, `user@server` or `user@server/instance`.

        The spelling heard first stays: it is part of the key that everything is stored under.
        """
        peer, server = parts(peer_id)
        if not peer:
            return self
        same = peer.casefold() == self.peer.casefold()
        return replace(self, peer=self.peer if same else peer, peer_server=server or self.peer_server)

    def with_server(self, domain: str) -> "Identity":
        """Return the identity with the server's domain, where it reports one."""
        return replace(self, domain=_CONTROLS.sub("", domain).strip().lower() or self.domain)

    def note_answer(self, *commands: str) -> "Identity":
        """Return the identity without waiting for `commands` any longer."""
        return replace(self, unanswered=self.unanswered.difference(commands))

    def is_other(self, peer_id: str) -> bool:
        """Return whether `peer_id` names another user than the known one."""
        peer, _ = parts(peer_id)
        return bool(peer and self.peer) and peer.casefold() != self.peer.casefold()

    def account(self, *, server: str | None, fallback: Account) -> Account | None:
        """
        Return the account, or None while an answer under way may still name it.

        `server`, if given, overrides the endpoint's answer; `fallback` replaces a missing answer.
        """
        if not self.peer and self.unanswered & NAMING:
            return None
        named = (server or self.domain).lower()
        if not named and self.unanswered & LOCATING:
            return None
        return Account(self.peer or fallback.peer, named or self.peer_server or fallback.server.lower())


def parts(peer_id: str) -> tuple[str, str]:
    """Return user and server of a TrueConf ID, without an instance; the server in lower case or empty."""
    named = TrueConfId.parse(_CONTROLS.sub("", peer_id))
    return named.user, named.server
