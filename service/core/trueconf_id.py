"""
A TrueConf ID: `user`, `user@server` or `user@server/instance`. Nothing else takes one apart.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

_PEOPLE = 65536
"""The same people are invited again and again; a list names them a hundred thousand times."""


LONGEST: Final = 255
"""Characters of a user, of a server and of a conference's id: keys and addresses are made of them."""


@dataclass(frozen=True, slots=True)
class TrueConfId:
    """
    A user, or a device, on a server. Two IDs that differ in case alone name the same user, see `folded`.
    """

    user: str
    server: str = ""
    """In lower case; empty where the ID names none."""

    instance: str = ""
    """Which of the user's applications; it makes no other user of them."""

    @classmethod
    def parse(cls, text: str) -> "TrueConfId":
        """Return the ID that a text is. Every text is one; its user may be empty."""
        user, _, rest = text.strip().partition("@")
        user, _, of_user = user.partition("/")
        server, _, of_server = rest.partition("/")
        return cls(user, server.lower(), of_server or of_user)

    def at(self, server: str) -> "TrueConfId":
        """Return the ID as it is meant on `server`, whose user it is where it names no other."""
        return self if self.server else replace(self, server=server.lower())

    @property
    def folded(self) -> str:
        """What people are told apart by: `user@server` without case and instance."""
        return f"{self.user}@{self.server}".casefold()

    @property
    def fault(self) -> str:
        """Why the ID can be nobody's, as the end of a sentence; empty where it can be somebody's."""
        parts = {"user": self.user, "server": self.server, "instance": self.instance}
        return next((too_long(name) for name, part in parts.items() if len(part) > LONGEST), "")

    def __str__(self) -> str:
        return f"{self.user}@{self.server}" if self.server else self.user


def too_long(what: str) -> str:
    """Return the reason that refuses a part of an ID, or an id, for its length."""
    return f"the {what} is longer than {LONGEST} characters"


@lru_cache(maxsize=_PEOPLE)
def full_id(id_: str, server: str) -> str:
    """
    Return a TrueConf ID as people are told apart by: `user@server`, without case and instance.

    An ID without a server is one of the conference's own server.
    """
    return TrueConfId.parse(id_).at(server).folded
