"""
What the schedule of a page shows, read from its HTML: of each day the meetings, and how many more there are.
"""

import html
import re
from dataclasses import dataclass, field

_ENTRY = re.compile(
    r'(?:class="block ?([^"]*)">)?<a (?:class="line-topic" )?href="[^"]*meeting=[0-9a-f]{12}-(\d+)#meeting">'
    r"(.*?)</a>",
    re.DOTALL,
)
_TOPIC = re.compile(r"<bdi>(.*?)</bdi>", re.DOTALL)
_MORE = re.compile(r'class="month-more"[^>]*>(\d+) more')


@dataclass
class Shown:
    """
    What one day shows.
    """

    entries: list[tuple[str, int]] = field(default_factory=list)
    """Topic and start, in UNIX seconds."""

    places: list[dict[str, int]] = field(default_factory=list)
    """Of each entry with a place by hours its classes, as numbers; those of the all-day row are empty."""

    more: int = 0


def read_days(text: str) -> dict[str, Shown]:
    """Return what each day of the schedule shows, by its date."""
    schedule = text.partition('id="schedule"')[2].partition('aria-labelledby="help"')[0]
    days: dict[str, Shown] = {}
    for part in re.split(r'(?=<section class="column|<td class=|<li id="d\d)', schedule)[1:]:
        day = re.search(r'(?:data-day="|datetime="|id="d)(\d{4}-\d\d-\d\d)"', part)
        assert day
        shown = days.setdefault(day[1], Shown())
        hours = [int(hour) for hour in re.findall(r'<li(?: class="skips")? value="(\d+)">', schedule)]
        for classes, start, inner in _ENTRY.findall(part):
            topic = _TOPIC.search(inner)
            assert topic
            shown.entries.append((html.unescape(topic[1]), int(start)))
            place = {name[0]: int(name[1:]) for name in re.findall(r"\b[hmuvln]\d+\b", classes)}
            # The rows of hours that are left out are not counted.
            place.update({name: hours[place[name]] for name in "hu" if name in place})
            shown.places.append(place)
        shown.more += sum(map(int, _MORE.findall(part)))
    return days
