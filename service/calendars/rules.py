"""
The rule of a calendar: which conferences it holds.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache

from service.core.account_state import Entry
from service.core.conference import Account
from service.core.text import one_line
from service.core.trueconf_id import TrueConfId, full_id

_PATTERNS = 1024


@dataclass(frozen=True, slots=True)
class Rule:
    """
    A conference fits if every given condition holds. A condition holds if any of its values does.

    All values are compared without case. An ID is `user`, on any server, or `user@server`.
    """

    owners: frozenset[str] = frozenset()
    participants: frozenset[str] = frozenset()
    """IDs of those invited; the owner takes part too."""

    topics: frozenset[str] = frozenset()
    """Globs for the whole topic: `*` stands for any text, `?` for one character."""

    modes: frozenset[str] = frozenset()
    """As TrueConf sends them: `PxP`, `OxP`, `S|L`."""

    access: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    """IDs of the TrueConf users whose lists count."""

    @property
    def narrows(self) -> bool:
        """Whether there is any condition."""
        return self != EVERYTHING


EVERYTHING = Rule()


def participants_of(entry: Entry) -> Iterator[str]:
    """Yield the full IDs of owner and invited people."""
    conference, server = entry.conference, entry.key.server
    if conference.owner:
        yield full_id(conference.owner, server)
    for invitation in conference.invitations:
        yield full_id(invitation.id, server)


def fits(rule: Rule, entry: Entry) -> bool:
    """
    Return whether an entry fits all conditions except the one on accounts, which an entry does not know.
    """
    if rule is EVERYTHING:
        return True
    conference, server = entry.conference, entry.key.server
    return (
        (not rule.owners or _is_named(full_id(conference.owner, server), rule.owners))
        and (not rule.modes or conference.mode.casefold() in rule.modes)
        and (not rule.access or conference.access.casefold() in rule.access)
        and (not rule.topics or _fits_topic(one_line(conference.topic).casefold(), rule.topics))
        and (not rule.participants or any(_is_named(p, rule.participants) for p in participants_of(entry)))
    )


def _fits_topic(topic: str, globs: Iterable[str]) -> bool:
    return any(_glob(glob).fullmatch(topic) for glob in globs)


def holds_account(rule: Rule, account: Account) -> bool:
    """Return whether conferences from this account's list may be in the calendar."""
    return not rule.accounts or _is_named(str(account).casefold(), rule.accounts)


def _is_named(person: str, named: frozenset[str]) -> bool:
    return person in named or TrueConfId.parse(person).user in named


@lru_cache(maxsize=_PATTERNS)
def _glob(pattern: str) -> re.Pattern[str]:
    # Only the two documented wildcards: a bracket in a topic is a bracket.
    return re.compile(translate(pattern.casefold().replace("[", "[[]")))
