from collections.abc import Mapping
from typing import Any

import pytest

from service.caldav.discovery import CollectionSpec, discover
from service.caldav.hrefs import slug
from service.caldav.protocol import Request, Response
from service.core.errors import Fatal, Retryable
from service.publishing.ports import DiscoveredCollection
from tests.caldav.scripted import answer, held, multistatus

HOST = "https://dav.example.org"
CALENDAR = "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"
COLLECTION = "<D:resourcetype><D:collection/></D:resourcetype>"
EVENTS = '<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>'
TASKS = '<C:supported-calendar-component-set><C:comp name="VTODO"/></C:supported-calendar-component-set>'


def principal(href: str) -> str:
    return f"<D:current-user-principal><D:href>{href}</D:href></D:current-user-principal>"


def home(href: str) -> str:
    return f"<C:calendar-home-set><D:href>{href}</D:href></C:calendar-home-set>"


class Server:
    """Answers by method and path; 404 for all else."""

    def __init__(self, answers: Mapping[tuple[str, str], Any]) -> None:
        self.answers = dict(answers)
        self.asked: list[Request] = []

    def __call__(self, request: Request) -> Response:
        found = self.answers.get((request.method, request.url.removeprefix(HOST)), 404)
        if isinstance(found, int):
            return answer(request, found)
        if isinstance(found, str):
            return answer(request, 301, location=found)
        return multistatus(request, *found)

    def find(self, path: str = "/", collection: str = "team", **wishes: Any) -> DiscoveredCollection:
        return held(discover(CollectionSpec(HOST + path, collection, **wishes)), self, self.asked)

    def methods(self) -> list[str]:
        return [f"{request.method} {request.url.removeprefix(HOST)}" for request in self.asked]


HOME = {
    ("PROPFIND", "/"): [("/", principal("/p/alice/"))],
    ("PROPFIND", "/p/alice/"): [("/p/alice/", home("/cal/alice/"))],
    ("PROPFIND", "/cal/alice/"): [("/cal/alice/", COLLECTION), ("/cal/alice/team/", CALENDAR + EVENTS)],
}


def test_from_the_server_to_the_collection() -> None:
    server = Server(HOME)

    assert server.find() == DiscoveredCollection(f"{HOST}/cal/alice/team/", "")
    assert server.methods() == ["PROPFIND /", "PROPFIND /p/alice/", "PROPFIND /cal/alice/"]


def test_an_explicit_collection_always_wins() -> None:
    server = Server(
        {**HOME, ("PROPFIND", "/cal/bob/x/"): [("/cal/bob/x/", CALENDAR + principal("/p/alice/"))]}
    )

    assert server.find("/cal/bob/x/").url == f"{HOST}/cal/bob/x/"
    assert len(server.asked) == 1


def test_well_known_is_asked_where_the_root_says_nothing() -> None:
    server = Server(
        {
            ("PROPFIND", "/"): 405,
            ("PROPFIND", "/.well-known/caldav"): "/remote.php/dav",
            ("PROPFIND", "/remote.php/dav"): [("/remote.php/dav/", principal("/p/alice/"))],
            **{key: value for key, value in HOME.items() if key[1] != "/"},
        }
    )

    assert server.find().url == f"{HOST}/cal/alice/team/"
    assert len(server.asked) <= 6


def test_a_redirect_from_https_to_http_is_not_followed() -> None:
    server = Server({("PROPFIND", "/"): "http://dav.example.org/"})

    with pytest.raises(Fatal, match="from https to http"):
        server.find()


def test_redirects_in_a_circle_end() -> None:
    server = Server({("PROPFIND", "/"): "/a", ("PROPFIND", "/a"): "/"})

    with pytest.raises(Fatal, match="circle"):
        server.find()


def test_icloud_may_send_us_to_its_numbered_host() -> None:
    def icloud(request: Request) -> Response:
        if request.url == "https://caldav.icloud.com/":
            return multistatus(request, ("/", principal("https://p07-caldav.icloud.com/1/p/")))
        if request.url.endswith("/p/"):
            return multistatus(request, ("/1/p/", home("https://p07-caldav.icloud.com:443/1/cal/")))
        return multistatus(request, ("/1/cal/", COLLECTION), ("/1/cal/team/", CALENDAR))

    found = held(discover(CollectionSpec("https://caldav.icloud.com/", "team")), icloud)

    assert found.server == "iCloud"
    assert "p07-caldav.icloud.com" in found.url


@pytest.mark.parametrize("name", ["team", "Рабочий"])
def test_a_collection_is_found_by_its_path_or_its_name(name: str) -> None:
    listed = [
        ("/cal/alice/", COLLECTION),
        ("/cal/alice/x1/", CALENDAR + "<D:displayname>Рабочий</D:displayname>"),
        ("/cal/alice/team/", CALENDAR),
    ]
    server = Server({**HOME, ("PROPFIND", "/cal/alice/"): listed})

    assert server.find(collection=name).url == HOST + (
        "/cal/alice/team/" if name == "team" else "/cal/alice/x1/"
    )


def titled(**titles: str) -> Server:
    """A home with calendars of these titles."""
    listed = [("/cal/alice/", COLLECTION)]
    for segment, title in titles.items():
        name = f"<D:displayname>{title}</D:displayname>" if title else ""
        listed.append((f"/cal/alice/{segment}/", CALENDAR + name))
    return Server({**HOME, ("PROPFIND", "/cal/alice/"): listed})


def test_a_title_counts_for_more_than_an_address() -> None:
    assert titled(team="Other", x1="team").find().url == f"{HOST}/cal/alice/x1/"
    assert titled(team="Other", x1="Another").find().url == f"{HOST}/cal/alice/team/"


def test_two_names_in_other_letters_are_two_collections() -> None:
    server = titled(confcal="Somebody's")
    for name in ("Отдел продаж", "Отдел кадров"):
        server.answers["MKCALENDAR", f"/cal/alice/{slug(name)}/"] = 201

    urls = {server.find(collection=name).url for name in ("Отдел продаж", "Отдел кадров")}

    assert len(urls) == 2
    assert f"{HOST}/cal/alice/confcal/" not in urls


def test_what_has_another_title_at_the_address_made_of_our_name_is_not_ours() -> None:
    with pytest.raises(Fatal, match="something else"):
        titled(**{"a-b": "A minus B"}).find(collection="a b")
    assert titled(**{"a-b": ""}).find(collection="a b").url == f"{HOST}/cal/alice/a-b/"
    zimbra = titled(**{"a-b": "a-b"}).find(collection="a b", quirks=("create-without-name",))
    assert zimbra.url == f"{HOST}/cal/alice/a-b/"


@pytest.mark.parametrize(("first", "second"), [(201, None), (405, 201), (501, 201), (400, 201)])
def test_a_missing_collection_is_made_once(first: int, second: int | None) -> None:
    made = "/cal/alice/ivanov-example-org/"
    server = Server({**HOME, ("MKCALENDAR", made): first, ("MKCOL", made): second or 500})

    found = server.find(collection="ivanov@example.org")

    assert found == DiscoveredCollection(HOST + made, "", created=True)
    assert [method for method in server.methods() if method.startswith("MK")] == (
        [f"MKCALENDAR {made}"] if second is None else [f"MKCALENDAR {made}", f"MKCOL {made}"]
    )
    assert b"ivanov@example.org</d:displayname>" in server.asked[-1].body


def test_an_address_where_nothing_is_becomes_the_collection() -> None:
    server = Server({("MKCALENDAR", "/cal/alice/new/"): 201})
    original = server.__call__

    def growing(request: Request) -> Response:
        response = original(request)
        if request.method == "MKCALENDAR":
            server.answers["PROPFIND", "/cal/alice/new/"] = [("/cal/alice/new/", CALENDAR)]
        return response

    assert (
        held(discover(CollectionSpec(HOST + "/cal/alice/new/", "x")), growing).url == f"{HOST}/cal/alice/new/"
    )


def test_a_collection_that_cannot_be_made_is_told_with_what_to_do() -> None:
    server = Server({**HOME, ("MKCALENDAR", "/cal/alice/other/"): 403})

    with pytest.raises(Fatal, match="create it there, or name an existing one in COLLECTION"):
        server.find(collection="other")


def test_nothing_is_made_with_create_off() -> None:
    server = Server(HOME)

    with pytest.raises(Fatal, match="CREATE is off"):
        server.find(collection="other", create=False)
    assert not any(method.startswith("MK") for method in server.methods())


def test_where_no_calendar_can_be_created_none_is_tried() -> None:
    server = Server(HOME)

    with pytest.raises(Fatal, match="create one there"):
        server.find(collection="other", quirks=("no-create",))
    assert not any(method.startswith("MK") for method in server.methods())


def test_zimbra_gets_no_display_name() -> None:
    server = Server({**HOME, ("MKCALENDAR", "/cal/alice/other/"): 201})

    server.find(collection="other", quirks=("create-without-name",))

    assert b"displayname" not in server.asked[-1].body


def test_a_collection_for_tasks_only_is_refused() -> None:
    server = Server({("PROPFIND", "/t/"): [("/t/", CALENDAR + TASKS)]})

    with pytest.raises(Fatal, match="takes no events, only VTODO"):
        server.find("/t/")


def test_a_collection_that_may_only_be_read_is_refused() -> None:
    reading = (
        "<D:current-user-privilege-set><D:privilege><D:read/></D:privilege></D:current-user-privilege-set>"
    )
    server = Server({("PROPFIND", "/t/"): [("/t/", CALENDAR + reading)]})

    with pytest.raises(Fatal, match="may only be read"):
        server.find("/t/")


def test_something_else_of_that_name_is_left_alone() -> None:
    server = Server({**HOME, ("PROPFIND", "/cal/alice/"): [("/cal/alice/team/", COLLECTION)]})

    with pytest.raises(Fatal, match="something else"):
        server.find()


def test_a_stranger_is_told_to_log_in() -> None:
    inner = "<D:current-user-principal><D:unauthenticated/></D:current-user-principal>"
    server = Server({("PROPFIND", "/"): [("/", inner)]})

    with pytest.raises(Fatal, match="takes us for a stranger"):
        server.find()


def test_a_principal_without_a_home_is_taken_for_it() -> None:
    server = Server(
        {**HOME, ("PROPFIND", "/p/alice/"): [("/p/alice/", COLLECTION), ("/p/alice/team/", CALENDAR)]}
    )

    assert server.find().url == f"{HOST}/p/alice/team/"


@pytest.mark.parametrize(
    ("status", "error"), [(401, Fatal), (503, Retryable), (500, Retryable), (429, Retryable)]
)
def test_what_a_status_means_for_the_target(status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        Server({("PROPFIND", "/"): status}).find()


def test_a_web_page_is_no_caldav_server() -> None:
    def web(request: Request) -> Response:
        return answer(request, 207, "<html>hello</html>")

    with pytest.raises(Fatal, match="does not look like a CalDAV server"):
        held(discover(CollectionSpec(HOST + "/x/", "team")), web)
