"""
A TrueConf ID: `user`, `user@server` or `user@server/instance`. No other module splits one.
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
    A user, or a device, on a server. Two IDs that differ only in case name the same user, see `folded`.
    """

    user: str
    server: str = ""
    """In lower case; empty where the ID names none."""

    instance: str = ""
    """Which of the user's applications; it makes no other user of them."""

    @classmethod
    def parse(cls, text: str) -> "TrueConfId":
        """Parse a text as an ID. Every text is valid; the user may be empty."""
        user, _, rest = text.strip().partition("@")
        user, _, of_user = user.partition("/")
        server, _, of_server = rest.partition("/")
        return cls(user, server.lower(), of_server or of_user)

    def at(self, server: str) -> "TrueConfId":
        """Return the ID with a server: `server`, if the ID names none."""
        return self if self.server else replace(self, server=server.lower())

    @property
    def folded(self) -> str:
        """The form that identifies a person: `user@server` without case and instance."""
        return f"{self.user}@{self.server}".casefold()

    @property
    def fault(self) -> str:
        """Why no user can have this ID, as the end of a sentence; empty if the ID is valid."""
        parts = {"user": self.user, "server": self.server, "instance": self.instance}
        return next((too_long(name) for name, part in parts.items() if len(part) > LONGEST), "")

    def __str__(self) -> str:
        return f"{self.user}@{self.server}" if self.server else self.user


def too_long(what: str) -> str:
    """Return the reason that refuses a part of an ID, or a conference id, for its length."""
    return f"the {what} is longer than {LONGEST} characters"


@lru_cache(maxsize=_PEOPLE)
def full_id(id_: str, server: str) -> str:
    """
    Return the form of a TrueConf ID that identifies a person: `user@server` without case and instance.

    An ID without a server belongs to the conference's own server.
    """
    return TrueConfId.parse(id_).at(server).folded
