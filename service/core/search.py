"""
The search for conferences: the query, the words of a conference, and the port.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from service.core.conference import Conference, Key
from service.core.schedule import Once, Unscheduled, Weekly

MOST_WORDS = 64
"""The most words of a conference that are searched; of very many invited people the first count."""

LONGEST_WORD = 40
_WORD = re.compile(r"[^\W_]+")

Kind = Literal["once", "week", "none"]


@dataclass(frozen=True, slots=True)
class ConferenceQuery:
    """
    Which conferences are asked for, by their topics.
    """

    text: str = ""
    """Each of its words begins a word of the topic, the ID, the owner or somebody invited."""

    kind: Kind | None = None
    ending_after: datetime | None = None
    """Only what has a schedule and has not ended at this moment."""

    among: frozenset[Key] | None = None
    """Only these, where they are given."""

    after: Key | None = None
    """The last conference of the page before."""

    limit: int = 50


class ConferenceSearch(Protocol):
    """
    Finds conferences. Raises StoreUnavailable.
    """

    async def find_conferences(self, query: ConferenceQuery) -> Sequence[Key]:
        """Return those asked for in any account's calendar, ordered by topic, then server and ID."""
        ...

    async def find_by_id(self, conference_id: str) -> Sequence[Key]:
        """Return the conferences with this ID that are kept, on any server, ordered by server."""
        ...

    async def find_shared(self) -> Sequence[Key]:
        """
        Return the conferences that several accounts have, one of them unlike the calendars show, in order.

        Of all others it is known that no account reports them differently.
        """
        ...

    async def find_of_people(self, people: Collection[str]) -> Sequence[Key]:
        """
        Return the latest conferences of each person, by their IDs: a few that say what they are called.

        Others may be among them.
        """
        ...


def split_words(text: str) -> list[str]:
    """Return the words of a text as they are compared: without case, each once, none very long."""
    return list(dict.fromkeys(word[:LONGEST_WORD] for word in _WORD.findall(text.casefold())))


def words_of(conference: Conference) -> list[str]:
    """Return the words that a conference is found by."""
    people = (f"{each.display_name} {each.id}" for each in conference.invitations[:MOST_WORDS])
    text = " ".join((conference.topic, conference.id, conference.owner, *people))
    return split_words(text)[:MOST_WORDS]


def title_of(conference: Conference) -> str:
    """Return what conferences are ordered by: the topic without case, else the ID."""
    return (" ".join(conference.topic.split()) or conference.id).casefold()[:200]


def kind_of(conference: Conference) -> Kind:
    """Return how a conference takes place."""
    match conference.schedule:
        case Unscheduled():
            return "none"
        case Once():
            return "once"
        case Weekly():
            return "week"


def ends_at(conference: Conference) -> datetime | None:
    """Return when a single meeting ends; None for any other."""
    schedule = conference.schedule
    return schedule.start + schedule.duration if isinstance(schedule, Once) else None
