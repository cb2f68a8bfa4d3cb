"""
A server in trouble, one resource in trouble, one collection in trouble: told apart.
"""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from service.caldav.discovery import CollectionSpec, discover
from service.core.errors import (
    CollectionFailed,
    CollectionGone,
    Conflict,
    CredentialsRefused,
    Retryable,
)
from service.publishing.model import Create, Delete, Operation, Standing, Update
from tests.caldav.misbehaving import HOME, ORIGIN, PASSWORD, USERNAME, Misbehaving
from tests.caldav.operations import CALENDAR, CHANGED, EMPTY, FOLDER, OURS, ROW, Script, apply, error
from tests.caldav.scripted import held
from tests.caldav.site import Site, opened, resource, resources
from tests.caldav.test_discovery import HOME as ROOM
from tests.caldav.test_discovery import HOST, Server

TEAM = f"{HOME}team/"

Misbehavior = Callable[[httpx.Request], Awaitable[httpx.Response | None]]


def answering(status: int, *methods: str) -> Misbehavior:
    """Answer these methods so, all if none is named."""

    async def answer(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(status) if not methods or request.method in methods else None

    return answer


@pytest.fixture
async def published() -> AsyncIterator[tuple[Site, Misbehaving]]:
    """A collection in memory with four of ours."""
    server = Misbehaving()
    auth = httpx.BasicAuth(USERNAME, PASSWORD)
    async with opened(httpx.MockTransport(server.handle), ORIGIN + "/", "team", auth) as site:
        await site.publish(resources(range(4)))
        site.wire.forget()
        yield site, server


async def test_a_proxy_s_404_while_the_server_starts_deletes_no_rows(
    published: tuple[Site, Misbehaving],
) -> None:
    site, server = published
    server.before = answering(404)

    with pytest.raises(CollectionGone):
        await site.publish({})
    assert len(await site.rows()) == 4

    server.before = None
    assert (await site.publish({})).deleted == 4
    assert server.calendars[TEAM] == {}


async def test_a_404_that_passes_in_the_middle_is_asked_again(published: tuple[Site, Misbehaving]) -> None:
    site, server = published
    server.before = answering(404, "DELETE")

    with pytest.raises(Conflict) as told:
        await site.server.publisher(await site.collection_url(), "").apply(
            Delete((await site.rows())[OURS.uid])
        )

    assert told.value.blames_target
    assert f"{OURS.uid}.ics" in server.calendars[TEAM]


@pytest.mark.parametrize("operation", [Create(OURS), Update(CHANGED, ROW), Delete(ROW)])
def test_a_server_that_fails_altogether_is_tried_later(operation: Operation) -> None:
    script = Script(PUT=[(500,)], DELETE=[(500,)], GET=[(500,)], PROPFIND=[(500,)])

    with pytest.raises(Retryable):
        apply(script, operation)


@pytest.mark.parametrize("operation", [Create(OURS), Update(CHANGED, ROW), Delete(ROW)])
def test_a_resource_that_alone_fails_is_a_conflict_that_may_pass(operation: Operation) -> None:
    script = Script(PUT=[(500,)], DELETE=[(500,)], GET=[(500,)], PROPFIND=[(207, CALENDAR)])

    with pytest.raises(Conflict) as told:
        apply(script, operation)

    assert told.value.passing
    assert told.value.blames_target
    assert script.methods() == [script.methods()[0], "GET", "PROPFIND", "GET"]


def test_a_resource_that_failed_only_once_goes_through() -> None:
    script = Script(PUT=[(412,), (204, "", '"8"')], GET=[(500,), (200, OURS.body, '"7"')])
    script.answers["PROPFIND"] = [(207, CALENDAR)]

    row = apply(script, Update(CHANGED, ROW))

    assert row is not None
    assert row.etag == '"8"'


@pytest.mark.parametrize(
    ("status", "body", "blamed", "passing"),
    [
        (403, "", True, False),
        (404, "", True, False),
        (500, "", True, True),
        (412, "", False, False),
        (413, "", False, False),
        (415, "", False, False),
        (403, error("valid-calendar-data"), False, False),
    ],
)
def test_a_refusal_tells_whether_the_collection_may_be_at_fault(
    status: int, body: str, *, blamed: bool, passing: bool
) -> None:
    script = Script(PUT=[(status, body)], GET=[(404,)], PROPFIND=[(207, CALENDAR)])

    with pytest.raises(Conflict) as told:
        apply(script, Create(OURS))

    assert (told.value.blames_target, told.value.passing) == (blamed, passing)


@pytest.mark.parametrize("status", [404, 409])
def test_a_change_that_is_refused_where_the_event_is_there_is_no_missing_place(status: int) -> None:
    script = Script(PUT=[(status,)], GET=[(200, OURS.body, '"1"')])

    with pytest.raises(Conflict, match="does not take this change") as told:
        apply(script, Update(CHANGED, ROW))

    assert not told.value.blames_target


def test_a_uid_in_the_trash_bin_is_the_resource_s_own_fault() -> None:
    script = Script(PUT=[(400, error("no-uid-conflict"))], GET=[(404,)], REPORT=[(207, EMPTY)])

    with pytest.raises(Conflict, match="trash bin") as told:
        apply(script, Create(OURS))

    assert not told.value.blames_target


def test_a_busy_server_is_not_taken_for_one_that_has_no_such_uid() -> None:
    busy = Script(PUT=[(409, error("no-uid-conflict"))], GET=[(404,)], REPORT=[(503,)])
    failing = Script(PUT=[(409, error("no-uid-conflict"))], GET=[(404,)], REPORT=[(500,)])

    with pytest.raises(Retryable):
        apply(busy, Create(OURS))
    with pytest.raises(Conflict, match="cannot say where") as told:
        apply(failing, Create(OURS))
    assert told.value.passing


@pytest.mark.parametrize("status", [400, 403, 405, 500])
async def test_a_listing_that_is_refused_concerns_one_collection(
    published: tuple[Site, Misbehaving], status: int
) -> None:
    site, server = published
    server.before = answering(status, "PROPFIND", "REPORT")

    with pytest.raises(CollectionFailed):
        await site.audit(resources(range(4)))


@pytest.mark.parametrize("status", [429, 502, 503])
async def test_a_busy_listing_concerns_the_server(published: tuple[Site, Misbehaving], status: int) -> None:
    site, server = published
    await site.audit(resources(range(4)))
    server.before = answering(status, "PROPFIND", "REPORT")
    site.wire.forget()

    with pytest.raises(Retryable) as told:
        await site.audit(resources(range(4)))

    assert not isinstance(told.value, CollectionFailed)
    assert len(site.wire.requests) == 1


async def test_a_refused_password_is_told_from_all_else(published: tuple[Site, Misbehaving]) -> None:
    site, _ = published
    site.auth = httpx.BasicAuth(USERNAME, "another")

    with pytest.raises(CredentialsRefused):
        await site.publish(resources([7]))


@pytest.mark.parametrize("status", [429, 503])
def test_a_calendar_that_may_not_be_made_yet_keeps_no_other_waiting(status: int) -> None:
    server = Server({**ROOM, ("MKCALENDAR", "/cal/alice/other/"): status})

    with pytest.raises(CollectionFailed):
        held(discover(CollectionSpec(HOST + "/", "other")), server)


def test_a_calendar_that_became_a_folder_is_gone() -> None:
    script = Script(DELETE=[(404,)], GET=[(404,)], PROPFIND=[(207, FOLDER)])

    with pytest.raises(CollectionGone):
        apply(script, Delete(ROW))


async def test_a_deleted_collection_of_which_xandikos_shows_a_folder_is_gone(
    published: tuple[Site, Misbehaving],
) -> None:
    site, server = published
    await site.audit(resources(range(4)))
    server.ghosts = True
    for name in list(server.calendars[TEAM]):
        server.remove(TEAM, name)

    with pytest.raises(CollectionGone):
        await site.audit(resources(range(4)))
    assert {row.standing for row in (await site.rows()).values()} == {Standing.PUBLISHED}


async def test_an_empty_calendar_that_synology_does_not_list_is_no_deleted_one(
    published: tuple[Site, Misbehaving],
) -> None:
    site, server = published
    await site.publish({})

    async def synology(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(404) if request.headers.get("Depth") == "1" else None

    server.before, server.syncing = synology, False
    site.clock.now += 2 * site.audit_every
    await site.publish({})

    server.before = None
    assert (await site.publish({resource(1).uid: resource(1)})).created == 1
