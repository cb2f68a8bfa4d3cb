"""
Looking a collection over, whatever is in it.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from service.caldav.audit import list_collection, read_publications
from service.caldav.collection import Collection
from service.caldav.protocol import Request, Response
from service.core.errors import CollectionFailed, CollectionGone, Retryable
from service.publishing.equivalence import content_hash
from service.publishing.model import Publication, Standing
from tests.caldav.operations import CALENDAR, FOLDER, URL
from tests.caldav.scripted import answer, held, multistatus
from tests.caldav.site import resource

TEAM = Collection(URL)
ETAG = "<D:getetag>{}</D:getetag><D:resourcetype/>"
OWN = ("/cal/team/", "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>")


def row(number: int) -> Publication:
    ours = resource(number)
    return Publication(
        ours.uid,
        f"/cal/team/{ours.uid}.ics",
        f'"{number}"',
        ours.digest,
        content_hash(ours.body),
        standing=Standing.PUBLISHED,
    )


ROWS = [row(number) for number in range(3)]
BODIES = {ROWS[number].href: resource(number).body for number in range(3)}


def server(
    report: Callable[[Request], Response], poison: Iterable[str] = (), status: int = 500
) -> Callable[[Request], Response]:
    """Answer REPORTs as told, give each resource but the poisoned, and show the collection."""

    def answers(request: Request) -> Response:
        match request.method:
            case "REPORT":
                return report(request)
            case "PROPFIND":
                return answer(request, 207, CALENDAR)
        path = request.url.removeprefix("https://dav.example.org")
        return answer(request, status) if path in poison else answer(request, 200, BODIES[path], etag='"9"')

    return answers


@pytest.mark.parametrize(
    ("status", "body"),
    [(207, "<D:multistatus"), (207, "<html/>"), (207, ""), (500, ""), (403, ""), (404, ""), (400, "")],
)
def test_where_not_all_can_be_asked_for_at_once_each_is(status: int, body: str) -> None:
    rows = held(read_publications(TEAM, ROWS), server(lambda request: answer(request, status, body)))

    assert [(found.uid, found.etag, found.standing) for found in rows] == [
        (before.uid, '"9"', Standing.PUBLISHED) for before in ROWS
    ]


@pytest.mark.parametrize("status", [403, 500])
def test_one_resource_that_cannot_be_read_keeps_no_other_waiting(status: int) -> None:
    poisoned = server(lambda request: answer(request, 500), [ROWS[1].href], status)

    rows = held(read_publications(TEAM, ROWS), poisoned)

    assert [found.uid for found in rows] == [ROWS[0].uid, ROWS[2].uid]


def test_a_control_character_in_one_resource_hides_no_other() -> None:
    strange = resource(1).body.decode().replace("Планёрка", "Планёрка \x07")

    def report(request: Request) -> Response:
        data = [BODIES[ROWS[0].href].decode(), strange]
        told = (
            (ROWS[number].href, f"<D:getetag>{number}</D:getetag><C:calendar-data>{body}</C:calendar-data>")
            for number, body in enumerate(data)
        )
        return multistatus(request, *told)

    rows = held(read_publications(TEAM, ROWS[:2]), server(report))

    assert [found.standing for found in rows] == [Standing.PUBLISHED, Standing.THEIRS]


def test_nothing_is_gone_because_a_server_that_starts_says_404() -> None:
    def proxy(request: Request) -> Response:
        return answer(request, 404)

    with pytest.raises(CollectionGone):
        held(read_publications(TEAM, ROWS), proxy)


def test_a_server_that_fails_altogether_shows_nothing_of_any_resource() -> None:
    with pytest.raises(Retryable):
        held(read_publications(TEAM, ROWS), lambda request: answer(request, 500))


def test_a_report_of_changes_is_read_to_its_last_page() -> None:
    def cut(request: Request) -> Response:
        number = int(request.body.split(b"urn:")[1].split(b"<")[0])
        status = "<D:status>HTTP/1.1 {}</D:status>"
        found = (
            "<D:propstat><D:prop>" + ETAG.format(f'"{number}"') + "</D:prop>"
            f"{status.format('200 OK')}</D:propstat>"
        )
        inner = f"<D:response><D:href>{number}.ics</D:href>{found}</D:response>"
        inner += f"<D:response><D:href>0.ics</D:href>{status.format('404 Not Found') if number else found}"
        inner += "</D:response>"
        if number < 3:
            full = status.format("507 Insufficient Storage")
            inner += f"<D:response><D:href>/cal/team/</D:href>{full}</D:response>"
        token = f"<D:sync-token>urn:{number + 1}</D:sync-token>"
        return answer(request, 207, f'<D:multistatus xmlns:D="DAV:">{inner}{token}</D:multistatus>')

    listing = held(list_collection(TEAM, "urn:0"), server(cut))

    assert listing.etags == {f"/cal/team/{number}.ics": f'"{number}"' for number in (1, 2, 3)}
    assert listing.removed == {"/cal/team/0.ics"}
    assert (listing.token, listing.complete) == ("urn:4", False)


@pytest.mark.parametrize(
    ("status", "body"), [(403, ""), (412, ""), (507, ""), (207, "<D:multistatus"), (500, "")]
)
def test_a_report_of_changes_that_is_of_no_use_is_replaced_by_the_whole_list(status: int, body: str) -> None:
    def answers(request: Request) -> Response:
        if request.method == "REPORT":
            return answer(request, status, body)
        return multistatus(request, OWN, ("/cal/team/1.ics", ETAG.format('"1"')))

    listing = held(list_collection(TEAM, "urn:0"), answers)

    assert (listing.etags, listing.complete) == ({"/cal/team/1.ics": '"1"'}, True)


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_not_asked_for_the_whole_list_instead(status: int) -> None:
    asked: list[Request] = []

    with pytest.raises(Retryable) as told:
        held(list_collection(TEAM, "urn:0"), lambda request: answer(request, status, retry_after="90"), asked)

    assert told.value.delay_seconds == 90
    assert len(asked) == 1


def test_a_list_without_its_collection_is_believed_once_that_is_seen() -> None:
    def answers(request: Request) -> Response:
        if request.headers["Depth"] == "0":
            return answer(request, 207, shown)
        return multistatus(request, ("/cal/team/1.ics", ETAG.format('"1"')))

    shown = CALENDAR
    assert held(list_collection(TEAM, ""), answers).etags == {"/cal/team/1.ics": '"1"'}
    shown = FOLDER
    with pytest.raises(CollectionGone):
        held(list_collection(TEAM, ""), answers)


def test_a_list_that_cannot_be_understood_concerns_one_collection() -> None:
    with pytest.raises(CollectionFailed):
        held(list_collection(TEAM, ""), lambda request: answer(request, 207, "<D:multistatus"))


def test_a_quirk_is_no_reason_to_believe_in_a_folder() -> None:
    odd = replace(TEAM, quirks=frozenset({"no-sync-collection"}))

    with pytest.raises(CollectionGone):
        held(list_collection(odd, "urn:0"), lambda request: answer(request, 207, FOLDER))
