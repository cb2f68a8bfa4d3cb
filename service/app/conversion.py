"""
The conversion of lists to an iCalendar object, for `confcal convert`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from service.core.account_state import Revision
from service.core.changes import RenderedVEvent
from service.core.conference import Conference, Key, Listing
from service.core.errors import FrameRejected
from service.core.ical import Heading, render_calendar, render_vevent
from service.core.past import begin_course
from service.core.removal import KEEP_ENDED
from service.core.revision import Variant
from service.core.schedule import Once, Weekly
from service.core.trueconf_id import TrueConfId
from service.core.vevent import Rendering, to_vevent
from service.trueconf.documents import documents
from service.trueconf.limits import FILE
from service.trueconf.wire import list_of

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ConvertedLists:
    """
    The conferences of the input, and the reasons for all that was rejected.
    """

    conferences: tuple[Conference, ...] = ()
    """Each conference once; the last list that mentions a conference decides."""

    rejected: tuple[str, ...] = ()
    """`conference ID: FIELD: reason`."""

    unreadable: tuple[str, ...] = ()
    """`PLACE: FIELD: reason` of the frames that could not be used."""

    doubts: tuple[str, ...] = ()
    frames: int = 0
    """Lists that could be used."""


def read_lists(inputs: Iterable[tuple[str, bytes]]) -> ConvertedLists:
    """Return what named inputs hold: one event or reply each, or JSON lines of them."""
    conferences: dict[str, Conference] = {}
    rejected: dict[str, str] = {}
    unreadable: list[str] = []
    doubts: list[str] = []
    frames = 0
    for place, frame in (found for name, data in inputs for found in _frames(name, data)):
        try:
            listing = list_of(frame, FILE)
        except FrameRejected as error:
            unreadable.append(f"{place}: {error}")
            continue
        frames += 1
        doubts += [f"{place}: {doubt}" for doubt in listing.doubts]
        conferences |= {conference.id: conference for conference in listing.conferences}
        rejected |= _rejections(listing)
    return ConvertedLists(
        tuple(conferences.values()), tuple(rejected), tuple(unreadable), tuple(doubts), frames
    )


def _rejections(listing: Listing) -> dict[str, str]:
    return {f"conference {rejection}": "" for rejection in listing.rejections}


def _frames(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    for number, document in documents(data):
        yield f"{name}, line {number}" if number else name, document


@dataclass(frozen=True, slots=True)
class OutputForm:
    """
    How to write the output.
    """

    heading: Heading
    rendering: Rendering
    variant: Variant
    server: str = ""
    """Domain of the TrueConf server; where it is empty, the people's names decide it."""

    keep_ended: timedelta = KEEP_ENDED
    """A series does not begin longer ago than this."""


def to_calendar(
    conferences: Iterable[Conference], wanted: OutputForm, now: datetime, progress: Callable[[int], None]
) -> bytes:
    """
    Return the iCalendar object of `conferences`, in the order of their UIDs.

    The same input gives the same bytes: DTSTAMP and LAST-MODIFIED are the conference's own `created_at`.
    `progress` is called with the number of conferences done so far.
    """
    rendered = []
    for done, conference in enumerate(conferences, start=1):
        vevent = _render(conference, wanted, now)
        if vevent:
            rendered.append(vevent)
        progress(done)
    return render_calendar(wanted.heading, sorted(rendered, key=lambda vevent: vevent.uid))


def _render(conference: Conference, wanted: OutputForm, now: datetime) -> RenderedVEvent | None:
    course = begin_course(conference.schedule, wanted.rendering.weekly, now, wanted.keep_ended)
    key = Key(wanted.server or server_of(conference), conference.id)
    variant = wanted.variant
    vevent = to_vevent(
        key,
        conference,
        wanted.rendering,
        course.bounds,
        translate=variant.translate,
        redaction=variant.redaction,
        secret=variant.secret,
    )
    return render_vevent(vevent, Revision(0, _revision_moment(conference))) if vevent else None


def _revision_moment(conference: Conference) -> datetime:
    if conference.created_at:
        return conference.created_at
    match conference.schedule:
        case Once(start) | Weekly(start):
            return start
        case _:
            return _EPOCH


def server_of(conference: Conference) -> str:
    """
    Return the server of a conference: that of its owner, or that of most of its people.

    Empty where none of them names a server.
    """
    domains = [_domain(person) for person in (conference.owner, *(i.id for i in conference.invitations))]
    if domains[0]:
        return domains[0]
    counted = Counter(domain for domain in domains if domain)
    return counted.most_common(1)[0][0] if counted else ""


def _domain(trueconf_id: str) -> str:
    if trueconf_id.startswith("#"):
        return ""
    return TrueConfId.parse(trueconf_id).server
