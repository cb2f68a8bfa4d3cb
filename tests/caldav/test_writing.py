"""
What one operation does on a server that does not simply agree.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from service.caldav.collection import Collection
from service.caldav.protocol import Request, Response
from service.caldav.writing import execute
from service.core.errors import CollectionGone, Conflict, Retryable
from service.publishing.equivalence import content_hash
from service.publishing.model import Create, Delete, Publication, RemoteRules, Standing, Update
from tests.caldav.misbehaving import HOME, ORIGIN, PASSWORD, USERNAME, Misbehaving
from tests.caldav.operations import (
    CALENDAR,
    CHANGED,
    EMPTY,
    FOLDER,
    OURS,
    PATH,
    ROW,
    URL,
    Script,
    apply,
    error,
)
from tests.caldav.scripted import answer, held
from tests.caldav.site import Site, foreign_events, opened, resource, resources

FOREIGN = next(iter(foreign_events(1).values()))


def test_a_change_is_one_conditional_request() -> None:
    script = Script(PUT=[(204, "", '"2"')])

    row = apply(script, Update(CHANGED, ROW))

    assert row is not None
    assert (row.etag, row.digest, row.standing) == ('"2"', CHANGED.digest, Standing.PUBLISHED)
    assert script.asked[0].headers["If-Match"] == '"1"'
    assert script.methods() == ["PUT"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (412, ""),
        (409, ""),
        (403, error("no-uid-conflict")),
        (409, error("no-uid-conflict")),
        (400, "uid already exists"),
    ],
)
def test_the_identical_object_is_adopted_whatever_the_refusal(status: int, body: str) -> None:
    script = Script(PUT=[(status, body)], GET=[(200, OURS.body, '"9"')])

    row = apply(script, Create(OURS))

    assert row is not None
    assert (row.etag, row.standing) == ('"9"', Standing.PUBLISHED)
    assert script.methods() == ["PUT", "GET"]


@pytest.mark.parametrize("on_change", ["restore", "keep"])
def test_a_foreign_event_at_our_address_is_never_touched(on_change: Any) -> None:
    script = Script(PUT=[(412,)], GET=[(200, FOREIGN, '"9"')])

    with pytest.raises(Conflict, match="not ours to change"):
        apply(script, Create(OURS), rules=RemoteRules(on_change=on_change))
    assert script.methods() == ["PUT", "GET"]


def test_our_uid_under_another_name_is_adopted_where_the_server_names_it() -> None:
    script = Script(
        PUT=[(403, error("unique-scheduling-object-resource", "<D:href>/cal/team/other.ics</D:href>"))],
        GET=[(404,), (200, OURS.body, '"9"')],
    )

    row = apply(script, Create(OURS))

    assert row is not None
    assert (row.href, row.etag) == ("/cal/team/other.ics", '"9"')


def test_our_uid_under_another_name_is_searched_where_the_server_does_not() -> None:
    inner = (
        '<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
        "<D:response><D:href>o.ics</D:href>"
        f'<D:propstat><D:prop><D:getetag>"9"</D:getetag><C:calendar-data>{OURS.body.decode()}</C:calendar-data>'
        "</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>"
    )
    script = Script(PUT=[(409, error("no-uid-conflict"))], GET=[(404,)], REPORT=[(207, inner)])

    row = apply(script, Create(OURS))

    assert row is not None
    assert row.href == "/cal/team/o.ics"
    assert script.asked[-1].headers["Depth"] == "1"


@pytest.mark.parametrize(
    "body",
    [
        error("no-uid-conflict"),
        error("unique-scheduling-object-resource", "<D:href>/cal/private/other.ics</D:href>"),
        "Deleted calendar object with uid already exists",
    ],
)
def test_a_uid_in_another_calendar_or_the_trash_bin_is_told_and_nothing_is_written(body: str) -> None:
    script = Script(PUT=[(403, body)], GET=[(404,)], REPORT=[(207, EMPTY)])

    with pytest.raises(Conflict, match="another calendar of this user, or in the trash bin"):
        apply(script, Create(OURS))
    assert script.methods().count("PUT") == 1


@pytest.mark.parametrize("status", [400, 403, 412, 413, 415, 500])
def test_data_that_is_refused_is_a_conflict_of_that_resource_alone(status: int) -> None:
    script = Script(PUT=[(status,)], GET=[(200, OURS.body, '"1"')], PROPFIND=[(207, EMPTY)])

    with pytest.raises(Conflict, match=str(status)):
        apply(script, Update(CHANGED, ROW))
    assert script.methods() == ["PUT", "GET"]


@pytest.mark.parametrize("status", [404, 405, 409])
def test_a_collection_that_is_gone_is_told_apart_from_a_refused_resource(status: int) -> None:
    gone = Script(PUT=[(status,)], GET=[(404,)], PROPFIND=[(404,)])
    there = Script(PUT=[(status,)], GET=[(404,)], PROPFIND=[(207, CALENDAR)])
    folder = Script(PUT=[(status,)], GET=[(404,)], PROPFIND=[(207, FOLDER)])

    with pytest.raises(CollectionGone):
        apply(gone, Create(OURS))
    with pytest.raises(CollectionGone):
        apply(folder, Create(OURS))
    with pytest.raises(Conflict):
        apply(there, Create(OURS))


def test_an_etag_that_only_the_server_changed_is_no_edit() -> None:
    # SOGo counts anew after a restore from its backup.
    script = Script(PUT=[(412,), (204, "", '"8"')], GET=[(200, OURS.body, '"7"')])

    row = apply(script, Update(CHANGED, ROW), rules=RemoteRules(on_change="keep"))

    assert row is not None
    assert (row.etag, row.standing) == ('"8"', Standing.PUBLISHED)
    assert script.asked[-1].headers["If-Match"] == '"7"'


def test_an_edit_is_kept_or_overwritten_as_the_rules_say() -> None:
    edited = resource(1, topic="Mine").body

    def script() -> Script:
        return Script(PUT=[(412,), (204, "", '"8"')], GET=[(200, edited, '"7"')])

    kept = apply(script(), Update(CHANGED, ROW), rules=RemoteRules(on_change="keep"))
    restored = apply(script(), Update(CHANGED, ROW))

    assert kept is not None
    assert restored is not None
    assert (kept.standing, kept.etag) == (Standing.THEIRS, '"7"')
    assert (restored.standing, restored.etag) == (Standing.PUBLISHED, '"8"')


def test_a_deletion_is_respected_or_undone_as_the_rules_say() -> None:
    row = replace(ROW, etag='"7"', standing=Standing.THEIRS)

    def script() -> Script:
        return Script(
            PUT=[(412,), (201, "", '"8"')], GET=[(404,)], PROPFIND=[(207, CALENDAR)], REPORT=[(207, EMPTY)]
        )

    kept = apply(script(), Update(OURS, row), rules=RemoteRules(on_delete="keep"))
    restored = apply(script(), Update(OURS, row))

    assert kept is not None
    assert restored is not None
    assert kept.standing is Standing.GONE
    assert restored.standing is Standing.PUBLISHED


def test_with_keep_a_deletion_counts_until_the_conference_changes() -> None:
    script = Script(
        PUT=[(412,), (201, "", '"8"')], GET=[(404,)], PROPFIND=[(207, CALENDAR)], REPORT=[(207, EMPTY)]
    )

    row = apply(script, Update(CHANGED, ROW), rules=RemoteRules(on_delete="keep"))

    assert row is not None
    assert (row.standing, row.digest) == (Standing.PUBLISHED, CHANGED.digest)


def test_a_resource_that_keeps_changing_is_tried_later() -> None:
    edits = [(200, resource(1, topic=f"Edit {n}").body, f'"{n}"') for n in range(5)]
    script = Script(PUT=[(412,)], GET=edits)

    with pytest.raises(Retryable, match="changes while it is written"):
        apply(script, Update(CHANGED, ROW))


def test_a_delete_tells_nobody_and_names_its_version() -> None:
    script = Script(DELETE=[(204,)])

    assert apply(script, Delete(ROW)) is None
    assert script.asked[0].headers["If-Match"] == '"1"'
    assert script.asked[0].headers["Schedule-Reply"] == "F"


@pytest.mark.parametrize("status", [200, 204, 207])
def test_what_is_deleted_is_gone(status: int) -> None:
    assert apply(Script(DELETE=[(status, EMPTY)]), Delete(ROW)) is None


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_not_there_is_gone_once_its_collection_is_seen(status: int) -> None:
    script = Script(DELETE=[(status,)], PROPFIND=[(207, CALENDAR)], GET=[(404,)])

    assert apply(script, Delete(ROW)) is None
    assert script.methods() == ["DELETE", "PROPFIND", "GET"]


def test_sabre_s_412_for_a_missing_resource_is_gone_too() -> None:
    script = Script(DELETE=[(412,)], GET=[(404,)], PROPFIND=[(207, CALENDAR)])

    assert apply(script, Delete(ROW)) is None


def test_an_edited_resource_is_left_to_the_person() -> None:
    script = Script(DELETE=[(412,)], GET=[(200, resource(1, topic="Mine").body, '"7"')])

    row = apply(script, Delete(ROW))

    assert row is not None
    assert row.standing is Standing.THEIRS
    assert script.methods() == ["DELETE", "GET"]


def test_a_delete_whose_etag_only_the_server_changed_goes_through() -> None:
    script = Script(DELETE=[(412,), (204,)], GET=[(200, OURS.body, '"7"')])

    assert apply(script, Delete(ROW)) is None
    assert script.asked[-1].headers["If-Match"] == '"7"'


def test_a_delete_that_davical_refuses_for_ever_is_a_conflict() -> None:
    with pytest.raises(Conflict, match="500"):
        apply(Script(DELETE=[(500,)], GET=[(200, OURS.body, '"1"')]), Delete(ROW))


def test_nothing_is_deleted_or_overwritten_without_an_etag() -> None:
    blank = Publication(OURS.uid, PATH, "", OURS.digest, content_hash(OURS.body), standing=Standing.PUBLISHED)
    script = Script(GET=[(200, OURS.body)], PROPFIND=[(207, EMPTY)])

    with pytest.raises(Conflict, match="without one nothing is deleted"):
        apply(script, Delete(blank))
    with pytest.raises(Conflict, match="without one nothing is overwritten"):
        apply(script, Update(CHANGED, blank))
    assert set(script.methods()) == {"GET", "PROPFIND"}


def test_a_resource_is_found_where_the_server_put_it() -> None:
    def server(request: Request) -> Response:
        return answer(request, 201, etag='"1"', location="/cal/team/renamed.ics")

    row = held(execute(Collection(URL), Create(OURS)), server)

    assert row is not None
    assert row.href == "/cal/team/renamed.ics"


@pytest.mark.parametrize("location", ["https://evil.example.net/cal/team/x.ics", "/elsewhere/x.ics"])
def test_a_location_elsewhere_is_not_believed(location: str) -> None:
    def server(request: Request) -> Response:
        return answer(request, 201, etag='"1"', location=location)

    row = held(execute(Collection(URL), Create(OURS)), server)

    assert row is not None
    assert row.href == PATH


def test_google_is_looked_at_before_creating() -> None:
    script = Script(GET=[(404,)], PUT=[(201, "", '"1"')])

    apply(script, Create(OURS), quirks=frozenset({"create-by-looking"}))

    assert script.methods() == ["GET", "PUT"]


def test_our_deletions_pass_by_the_trash_bin() -> None:
    script = Script(DELETE=[(204,)])

    apply(script, Delete(ROW), quirks=frozenset({"trash-bin"}))

    assert script.asked[0].headers["X-NC-CalDAV-No-Trashbin"] == "1"


@pytest.fixture
async def contrary() -> AsyncIterator[tuple[Site, Misbehaving]]:
    """A collection in memory with three of ours, on a server that then answers 412 to every write."""
    server = Misbehaving()
    auth = httpx.BasicAuth(USERNAME, PASSWORD)
    async with opened(httpx.MockTransport(server.handle), ORIGIN + "/", "team", auth) as site:
        await site.publish(resources(range(3)))
        for name, body in foreign_events().items():
            server.put(f"{HOME}team/", name, body)
        server.always_412 = True
        site.wire.forget()
        yield site, server


async def test_412_for_everything_ends_in_parked_resources_and_silence(
    contrary: tuple[Site, Misbehaving],
) -> None:
    site, server = contrary
    before = dict(server.calendars[f"{HOME}team/"])
    desired = {**resources(range(1, 3)), **resources([1, 7], topic="New", revision=1)}

    for _ in range(3):
        await site.publish(desired)
    rows = await site.rows()
    assert rows[resource(7).uid].standing is Standing.PARKED
    assert "412" in rows[resource(7).uid].reason
    site.wire.forget()
    await site.publish(desired)

    assert site.wire.requests == []
    assert server.calendars[f"{HOME}team/"] == before

    server.always_412 = False
    changed = {**desired, **resources([1, 7], topic="Newer", revision=2)}
    await site.publish(changed)
    assert {row.standing for row in (await site.rows()).values() if row.uid in changed} == {
        Standing.PUBLISHED
    }
