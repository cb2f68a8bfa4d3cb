"""
The body of one calendar object resource (RFC 4791, 4.1): VERSION, PRODID, one VTIMEZONE, one VEVENT.

No METHOD, no name: a collection has its own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from service.core.account_state import Entry
from service.core.changes import RenderedVEvent
from service.core.conference import Conference
from service.core.ical import PRODID, fold, vtimezone_of
from service.core.presentation import Presentation, has_ended, present
from service.core.text import one_line
from service.core.trueconf_id import TrueConfId, full_id
from service.publishing.model import Resource

_HEAD = b"".join(map(fold, ("BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODID}", "CALSCALE:GREGORIAN")))
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")
_END = b"END:VCALENDAR\r\n"


@dataclass(frozen=True, slots=True)
class Extras:
    """
    What a target adds to every VEVENT.
    """

    reminders: tuple[timedelta, ...] = ()
    """How long before the start; each becomes a VALARM that displays the topic."""

    addresses: Mapping[str, str] = field(default_factory=dict)
    """The only people who are ever named: TrueConf ID, case-folded, to e-mail address."""

    free: bool | None = None
    """Whether the time counts as free; None leaves it to the calendar."""


def address_book(entries: object) -> dict[str, str]:
    """
    Return e-mail addresses by TrueConf ID, in the form of `Extras`. Raises ValueError for anything else.
    """
    if not isinstance(entries, Mapping):
        raise ValueError("it is not a table")  # noqa: TRY004 -- one kind of error for any content of a file
    book = {}
    for id_, address in entries.items():
        if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
            raise ValueError("an entry is not an e-mail address")
        if fault := TrueConfId.parse(str(id_)).fault:
            raise ValueError(f"an entry's TrueConf ID cannot be one: {fault}")
        book[str(id_).casefold()] = address
    return book


def render_resource(
    vevent: RenderedVEvent, extras: Extras | None = None, entry: Entry | None = None
) -> bytes:
    """Return the body of a VEVENT's resource; people come from `entry`."""
    extras = extras or Extras()
    people = _people(entry.conference, entry.key.server, extras.addresses) if entry else []
    presentation = Presentation(free=bool(extras.free), reminders=extras.reminders)
    return b"".join((_HEAD, vtimezone_of(vevent), present(vevent, presentation, people).body, _END))


def resource_of(
    vevent: RenderedVEvent, extras: Extras, entry: Entry | None = None, *, now: datetime
) -> Resource:
    """
    Return the resource of a VEVENT as written at `now`: an ended event has no reminders.

    The end of an event is not a reason to write it again, so the resource keeps its digest.
    """
    body = render_resource(vevent, extras, entry)
    if not extras.reminders or not has_ended(vevent, now):
        return Resource.of(vevent.uid, body)
    silent = render_resource(vevent, replace(extras, reminders=()), entry)
    return Resource.of(vevent.uid, silent, before_end=body)


def _people(conference: Conference, server: str, addresses: Mapping[str, str]) -> list[str]:
    """
    Return ORGANIZER and ATTENDEE lines, all of them with SCHEDULE-AGENT=CLIENT, or none.

    Servers send mail to the people in these lines. With CLIENT on every line they leave that to us, and we
    never send any (RFC 6638, 7.1; sabre honors only CLIENT). ATTENDEE without ORGANIZER makes SOGo mail
    cancellations.
    """
    if not addresses:
        return []
    organizer = _address(conference.owner, server, addresses)
    attendees = {
        address: one_line(invitation.display_name)
        for invitation in conference.invitations
        if (address := _address(invitation.id, server, addresses))
    }
    if not organizer or not attendees:
        return []
    lines = [f"ORGANIZER;SCHEDULE-AGENT=CLIENT:mailto:{organizer}"]
    for address, name in sorted(attendees.items()):
        cn = f';CN="{_quotable(name)}"' if _quotable(name) else ""
        lines.append(
            f"ATTENDEE{cn};PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIPANT;RSVP=FALSE"
            f";SCHEDULE-AGENT=CLIENT:mailto:{address}"
        )
    return lines


def _address(id_: str, server: str, addresses: Mapping[str, str]) -> str:
    """
    Return the address that the map gives a TrueConf ID. A bare ID in the map belongs to the same server.
    """
    person = full_id(id_, server)
    known = TrueConfId.parse(person)
    of_user = addresses.get(known.user, "") if known.server == server.casefold() else ""
    return addresses.get(person) or of_user


def _quotable(name: str) -> str:
    """Return a name as a quoted parameter value (RFC 6868)."""
    return name.replace("^", "^^").replace('"', "^'").strip()
