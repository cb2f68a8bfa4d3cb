"""
What a target remembers of its calendar home, for the collections that it looks for next.
"""

from datetime import timedelta
from typing import Any

import pytest

from service.caldav.discovery import CollectionSpec, discover
from service.caldav.home import HomeMemory
from service.caldav.protocol import Request, Response
from service.core.errors import Fatal
from service.publishing.ports import DiscoveredCollection
from tests.caldav.scripted import NOON, answer, held, multistatus

HOST = "https://dav.example.org"
HOME = f"{HOST}/cal/"
WHOLE_WAY = ["PROPFIND /", "PROPFIND /p/", "PROPFIND /cal/"]
EVENTS = '<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>'
TASKS = '<C:supported-calendar-component-set><C:comp name="VTODO"/></C:supported-calendar-component-set>'


class Site:
    """A server with calendars in one home, whose answers arrive at noon, and a target of it."""

    def __init__(self, *names: str) -> None:
        self.calendars = {name: (name, EVENTS) for name in names}
        """Title and properties by the last part of the address."""

        self.refusal, self.redirects = 0, dict[str, str]()
        self.now = NOON
        self.memory = HomeMemory(lambda: self.now)
        self.asked: list[str] = []

    def __call__(self, request: Request) -> Response:
        path = request.url.removeprefix(HOST)
        self.asked.append(f"{request.method} {path}")
        if path in self.redirects:
            return answer(request, 301, location=self.redirects[path])
        return self._answer(request, path)

    def _answer(self, request: Request, path: str) -> Response:
        match path.strip("/").split("/"):
            case [""]:
                return multistatus(request, ("/", _leads("current-user-principal", "D", "/p/")))
            case ["p"]:
                return multistatus(request, ("/p/", _leads("calendar-home-set", "C", "/cal/")))
            case ["cal"]:
                shown = [(f"/cal/{name}/", self._properties(name)) for name in self.calendars]
                return multistatus(request, ("/cal/", ""), *shown)
            case ["cal", name] if request.method == "MKCALENDAR":
                return answer(request, self._make(name))
            case ["cal", name] if request.method == "PROPFIND" and name in self.calendars:
                return multistatus(request, (f"/cal/{name}/", self._properties(name)))
        return answer(request, 404)

    def _make(self, name: str) -> int:
        if self.refusal or name in self.calendars:
            return self.refusal or 403
        self.calendars[name] = (name, EVENTS)
        return 201

    def _properties(self, name: str) -> str:
        title, more = self.calendars[name]
        kind = "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"
        return f"{kind}<D:displayname>{title}</D:displayname>{more}"

    def find(self, name: str, **wishes: Any) -> DiscoveredCollection:
        self.asked.clear()
        return held(discover(CollectionSpec(HOST + "/", name, **wishes), self.memory), self)


def _leads(name: str, prefix: str, path: str) -> str:
    return f"<{prefix}:{name}><D:href>{path}</D:href></{prefix}:{name}>"


def test_only_the_first_collection_of_a_target_goes_the_whole_way_to_its_home() -> None:
    site = Site()

    assert site.find("anna") == DiscoveredCollection(f"{HOME}anna/", "", created=True)
    assert site.asked == [*WHOLE_WAY, "MKCALENDAR /cal/anna/"]
    assert site.find("boris") == DiscoveredCollection(f"{HOME}boris/", "", created=True)
    assert site.asked == ["MKCALENDAR /cal/boris/"]


def test_a_collection_that_was_listed_is_asked_whether_it_is_there_still() -> None:
    site = Site("anna", "boris")
    site.find("anna")

    assert site.find("boris") == DiscoveredCollection(f"{HOME}boris/", "")
    assert site.asked == ["PROPFIND /cal/boris/"]


def test_a_collection_that_vanished_since_is_made_again() -> None:
    site = Site("anna", "boris")
    site.find("anna")
    del site.calendars["boris"]

    assert site.find("boris") == DiscoveredCollection(f"{HOME}boris/", "", created=True)
    assert site.asked == ["PROPFIND /cal/boris/", *WHOLE_WAY, "MKCALENDAR /cal/boris/"]


def test_a_collection_that_got_another_title_since_is_not_taken_for_ours() -> None:
    site = Site("anna")
    site.calendars["boris-x"] = ("boris x", EVENTS)
    site.find("anna")
    assert site.find("boris x").url == f"{HOME}boris-x/"
    site.calendars["boris-x"] = ("Holidays", EVENTS)

    with pytest.raises(Fatal, match="something else named boris-x"):
        site.find("boris x")


def test_a_collection_that_takes_no_events_any_more_is_refused() -> None:
    site = Site("anna", "boris")
    site.find("anna")
    site.calendars["boris"] = ("boris", TASKS)

    with pytest.raises(Fatal, match="takes no events"):
        site.find("boris")


def test_a_collection_that_somebody_else_made_since_is_not_taken_for_empty() -> None:
    site = Site("anna")
    site.find("anna")
    site.calendars["boris"] = ("boris", EVENTS)

    assert site.find("boris") == DiscoveredCollection(f"{HOME}boris/", "", created=False)
    assert site.asked == ["MKCALENDAR /cal/boris/", "PROPFIND /cal/boris/", *WHOLE_WAY]


def test_where_nothing_may_be_created_a_missing_collection_is_looked_for_in_a_new_list() -> None:
    site = Site("anna")
    site.find("anna")
    site.calendars["boris"] = ("boris", EVENTS)

    assert site.find("boris", create=False) == DiscoveredCollection(f"{HOME}boris/", "")
    assert site.asked == WHOLE_WAY


@pytest.mark.parametrize("passed", [timedelta(minutes=1), timedelta(hours=-1)], ids=["old", "clock set back"])
def test_a_list_that_is_not_of_this_minute_is_read_again(passed: timedelta) -> None:
    site = Site("anna")
    site.find("anna")
    site.now += passed

    site.find("boris")

    assert site.asked == [*WHOLE_WAY, "MKCALENDAR /cal/boris/"]


def test_after_an_error_the_home_is_listed_again() -> None:
    site = Site("anna")
    site.find("anna")
    site.refusal = 409
    with pytest.raises(Fatal, match="does not let us create"):
        site.find("boris")
    site.refusal = 0

    site.find("boris")

    assert site.asked == [*WHOLE_WAY, "MKCALENDAR /cal/boris/"]


def test_after_an_error_of_the_first_collection_the_home_is_listed_again_too() -> None:
    site = Site()
    site.refusal = 403
    with pytest.raises(Fatal, match="does not let us create"):
        site.find("anna")
    # A person made it as the error says, and the server chose its address.
    site.calendars["x7"] = ("anna", EVENTS)

    assert site.find("anna") == DiscoveredCollection(f"{HOME}x7/", "")


def test_where_no_program_may_create_calendars_one_that_a_person_made_is_found_at_once() -> None:
    site = Site()
    with pytest.raises(Fatal, match="lets no program create"):
        site.find("anna", quirks=("no-create",))
    site.calendars["x7"] = ("anna", EVENTS)

    assert site.find("anna", quirks=("no-create",)) == DiscoveredCollection(f"{HOME}x7/", "")


def test_what_somebody_else_made_at_the_address_since_is_judged_by_what_it_is() -> None:
    site = Site("anna")
    site.find("anna")
    site.calendars["boris-x"] = ("Holidays", TASKS)

    with pytest.raises(Fatal, match="something else named boris-x"):
        site.find("boris x")


def test_two_names_of_one_address_are_not_one_collection() -> None:
    site = Site("anna")
    site.find("anna")
    assert site.find("a b").created

    with pytest.raises(Fatal, match="something else named a-b"):
        site.find("a.b")


def test_a_collection_whose_address_leads_to_another_one_is_not_taken_for_ours() -> None:
    site = Site("anna", "boris", "holidays")
    site.find("anna")
    site.redirects["/cal/boris/"] = f"{HOME}holidays/"

    site.find("boris")

    assert site.asked == ["PROPFIND /cal/boris/", "PROPFIND /cal/holidays/", *WHOLE_WAY]
