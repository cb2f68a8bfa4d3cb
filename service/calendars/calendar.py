"""
A calendar: its name, its title, its color, and the accounts it takes conferences from.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from service.calendars.participants import ParticipantIndex
from service.calendars.rules import EVERYTHING, Rule, fits, holds_account
from service.core.account_state import AccountState, Entry
from service.core.conference import Account, Key
from service.core.state import State
from service.core.vevent import Redaction

_CSS3 = """
    aliceblue antiquewhite aqua aquamarine azure beige bisque black blanchedalmond blue blueviolet
    brown burlywood cadetblue chartreuse chocolate coral cornflowerblue cornsilk crimson cyan
    darkblue darkcyan darkgoldenrod darkgray darkgreen darkgrey darkkhaki darkmagenta darkolivegreen
    darkorange darkorchid darkred darksalmon darkseagreen darkslateblue darkslategray darkslategrey
    darkturquoise darkviolet deeppink deepskyblue dimgray dimgrey dodgerblue firebrick floralwhite
    forestgreen fuchsia gainsboro ghostwhite gold goldenrod gray green greenyellow grey honeydew
    hotpink indianred indigo ivory khaki lavender lavenderblush lawngreen lemonchiffon lightblue
    lightcoral lightcyan lightgoldenrodyellow lightgray lightgreen lightgrey lightpink lightsalmon
    lightseagreen lightskyblue lightslategray lightslategrey lightsteelblue lightyellow lime
    limegreen linen magenta maroon mediumaquamarine mediumblue mediumorchid mediumpurple
    mediumseagreen mediumslateblue mediumspringgreen mediumturquoise mediumvioletred midnightblue
    mintcream mistyrose moccasin navajowhite navy oldlace olive olivedrab orange orangered orchid
    palegoldenrod palegreen paleturquoise palevioletred papayawhip peachpuff peru pink plum
    powderblue purple red rosybrown royalblue saddlebrown salmon sandybrown seagreen seashell sienna
    silver skyblue slateblue slategray slategrey snow springgreen steelblue tan teal thistle tomato
    turquoise violet wheat white whitesmoke yellow yellowgreen
"""

NAMES = frozenset(_CSS3.split())


ALL = "all"
COLOR = "steelblue"


@dataclass(frozen=True, slots=True)
class Calendar:
    """
    A named set of VEVENTs.
    """

    name: str
    """Unique; the address of its feed derives from it."""

    title: str
    """What people see."""

    account: Account | None = None
    """The account whose conferences it holds; None for all accounts."""

    variant: str = "full-en"
    rule: Rule = EVERYTHING
    """The rule that chooses among these conferences."""

    redaction: Redaction = "full"
    """What `variant` leaves out, for pages that do not show VEVENTs."""

    color: str = COLOR
    """A CSS3 color name (RFC 7986, 5.9)."""

    free: bool = False
    """Whether its conferences count as free time."""

    person: str = ""
    """The TrueConf ID that the calendar exists for, where it exists for a person."""


def calendars_of(
    accounts: Iterable[Account],
    variant: str,
    *,
    named: Iterable[Calendar] = (),
    people: Collection[str] = (),
) -> dict[str, Calendar]:
    """
    Return all calendars by name: `all`, those of the settings, one for each account, one for each person.

    Names of accounts and people contain an `@`, which names in the settings may not. If an account and a
    person share a name, the account gets the calendar: its list is everything this user takes part in.
    """
    every = Calendar(ALL, "TrueConf", None, variant)
    each = [Calendar(str(a), f"TrueConf: {a}", a, variant) for a in sorted(accounts)]
    taken = {calendar.name.casefold() for calendar in each}
    persons = (_of_person(person, variant) for person in sorted(people) if person not in taken)
    return {calendar.name: calendar for calendar in (every, *named, *each, *persons)}


def _of_person(person: str, variant: str) -> Calendar:
    rule = Rule(participants=frozenset({person}))
    return Calendar(person, f"TrueConf: {person}", None, variant, rule, person=person)


def entries_of(
    calendar: Calendar, state: State, participants: ParticipantIndex | None = None
) -> Iterator[Entry]:
    """
    Return the entries of a calendar, those without a schedule too, each once.

    A participant index of the same state saves a search through all entries for those of a few people.
    """
    rule = calendar.rule
    views = [state.account(calendar.account)] if calendar.account else state.order_accounts()
    views = [known for known in views if holds_account(rule, known.account)]
    keys: Iterable[Key]
    if rule.participants and participants is not None:
        keys = (key for key in participants.keys_of(rule.participants) if _is_member(key, views))
    else:
        keys = dict.fromkeys(key for known in views for key in known.members())
    entries = (state.entries[key] for key in keys)
    return (entry for entry in entries if fits(rule, entry))


def holds(calendar: Calendar, state: State, key: Key) -> bool:
    """Return whether a calendar holds a conference or a closed part, with a schedule or without."""
    entry = state.entries.get(key)
    if entry is None or not fits(calendar.rule, entry):
        return False
    if calendar.account:
        return state.account(calendar.account).holds(key)
    views = state.accounts.values() if key.part else state.reporters(key)
    return any(known.holds(key) and holds_account(calendar.rule, known.account) for known in views)


def _is_member(key: Key, views: Iterable[AccountState]) -> bool:
    return any(known.holds(key) for known in views)
