"""
What a person wrote is never deleted, and written over only with `restore`.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from service.core.errors import Conflict
from service.publishing.equivalence import content_hash
from service.publishing.model import Create, Delete, RemoteRules, Standing, Update
from tests.caldav.misbehaving import HOME, ORIGIN, PASSWORD, USERNAME, Misbehaving
from tests.caldav.operations import CHANGED, OURS, ROW, Script, apply
from tests.caldav.site import Site, opened, resource, resources

EDITED = resource(1, topic="Mine").body
TEAM = f"{HOME}team/"
KEEP = RemoteRules(on_change="keep", on_delete="keep")
SOGO = frozenset({"create-by-looking", "delete-by-looking"})
NOT_OURS = [Standing.THEIRS, Standing.WAITING, Standing.PARKED]


@pytest.fixture
async def shared() -> AsyncIterator[tuple[Site, Misbehaving]]:
    """A collection in memory with three of ours, of which a person edited the second."""
    server = Misbehaving()
    auth = httpx.BasicAuth(USERNAME, PASSWORD)
    async with opened(httpx.MockTransport(server.handle), ORIGIN + "/", "team", auth) as site:
        await site.publish(resources(range(3)))
        server.put(TEAM, f"{OURS.uid}.ics", EDITED)
        yield site, server


@pytest.mark.parametrize("standing", NOT_OURS)
def test_a_row_that_may_tell_a_person_s_etag_is_looked_at_before_deleting(standing: Standing) -> None:
    script = Script(GET=[(200, EDITED, '"7"')], DELETE=[(204,)])

    row = apply(script, Delete(replace(ROW, etag='"7"', standing=standing)))

    assert row is not None
    assert row.standing is Standing.THEIRS
    assert script.methods() == ["GET"]


@pytest.mark.parametrize("standing", NOT_OURS)
def test_with_keep_such_a_row_is_looked_at_before_writing(standing: Standing) -> None:
    script = Script(GET=[(200, EDITED, '"7"')], PUT=[(204,)])

    row = apply(script, Update(CHANGED, replace(ROW, etag='"7"', standing=standing)), rules=KEEP)

    assert row is not None
    assert row.standing is Standing.THEIRS
    assert script.methods() == ["GET"]


async def test_an_edit_whose_restoring_was_refused_outlives_the_conference(
    shared: tuple[Site, Misbehaving],
) -> None:
    site, server = shared
    server.always_412 = True
    for _ in range(4):
        await site.audit(resources(range(3)))
    server.always_412 = False

    report = await site.publish({})

    assert (report.deleted, report.left) == (2, 1)
    assert server.calendars[TEAM] == {f"{OURS.uid}.ics": EDITED}


async def test_an_edit_that_two_programs_fought_over_outlives_the_conference(
    shared: tuple[Site, Misbehaving],
) -> None:
    site, server = shared
    site.audit_every /= 60
    for _ in range(10):
        await site.audit(resources(range(3)))
        if (await site.rows())[OURS.uid].standing is not Standing.PARKED:
            server.put(TEAM, f"{OURS.uid}.ics", EDITED)
    assert (await site.rows())[OURS.uid].standing is Standing.PARKED

    await site.publish({})

    assert server.calendars[TEAM] == {f"{OURS.uid}.ics": EDITED}


async def test_an_edit_outlives_the_conference_where_no_condition_is_minded(
    shared: tuple[Site, Misbehaving],
) -> None:
    site, server = shared
    server.minds = frozenset()
    site.quirks = tuple(SOGO)

    report = await site.publish({})

    assert (report.deleted, report.left) == (2, 1)
    assert server.calendars[TEAM] == {f"{OURS.uid}.ics": EDITED}


async def test_with_keep_an_edit_outlives_the_conference_s_return_there_too(
    shared: tuple[Site, Misbehaving],
) -> None:
    site, server = shared
    server.minds = frozenset()
    site.quirks, site.rules = tuple(SOGO), KEEP
    await site.publish({})

    await site.publish(resources(range(3), topic="Back", revision=1))

    assert server.calendars[TEAM][f"{OURS.uid}.ics"] == EDITED
    assert (await site.rows())[OURS.uid].standing is Standing.THEIRS


def test_sogo_is_looked_at_before_deleting() -> None:
    script = Script(GET=[(200, OURS.body, '"1"')], DELETE=[(204,)])

    assert apply(script, Delete(ROW), quirks=SOGO) is None
    assert script.methods() == ["GET", "DELETE"]


def test_what_a_person_moved_away_and_back_is_not_written_twice() -> None:
    # DAViCal and sabre take a UID twice in one calendar.
    moved = (
        '<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
        '<D:response><D:href>back.ics</D:href><D:propstat><D:prop><D:getetag>"9"</D:getetag>'
        f"<C:calendar-data>{OURS.body.decode()}</C:calendar-data></D:prop>"
        "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>"
    )
    script = Script(REPORT=[(207, moved)], PUT=[(201,)])

    row = apply(script, Create(OURS, replace(ROW, etag="", standing=Standing.GONE)))

    assert row is not None
    assert (row.href, row.etag) == ("/cal/team/back.ics", '"9"')
    assert script.methods() == ["REPORT"]


@pytest.mark.parametrize("status", [403, 500])
def test_what_a_person_deleted_comes_back_where_no_uid_can_be_searched(status: int) -> None:
    script = Script(REPORT=[(status,)], PUT=[(201, "", '"9"')])

    row = apply(script, Create(OURS, replace(ROW, etag="", standing=Standing.GONE)))

    assert row is not None
    assert row.standing is Standing.PUBLISHED


def test_with_weak_etags_only_nothing_is_written_over_blindly() -> None:
    row = replace(ROW, etag='W/"1"')
    script = Script(PUT=[(412,)], DELETE=[(412,)], GET=[(200, OURS.body, 'W/"1"')])

    with pytest.raises(Conflict, match="ETags are weak"):
        apply(script, Update(CHANGED, row))
    with pytest.raises(Conflict, match="ETags are weak"):
        apply(script, Delete(row))
    assert all(request.headers["If-Match"] == 'W/"1"' for request in script.asked if request.method != "GET")


def stripped(body: bytes) -> bytes:
    return b"".join(
        line for line in body.splitlines(keepends=True) if not line.startswith((b"URL:", b"CATEGORIES:"))
    )


def test_what_a_server_made_of_ours_is_ours() -> None:
    script = Script(PUT=[(201,)], GET=[(200, stripped(OURS.body), '"1"')])

    row = apply(script, Create(OURS), quirks=frozenset({"read-back"}))

    assert row is not None
    assert (row.etag, row.standing) == ('"1"', Standing.PUBLISHED)
    assert row.content_hash == content_hash(stripped(OURS.body))
    assert script.methods() == ["PUT", "GET"]


@pytest.mark.parametrize("quirks", [(), ("read-back",)])
async def test_a_server_that_drops_what_it_does_not_know_is_written_to_once_more_at_most(quirks: Any) -> None:
    server = Misbehaving(etags=False, dropping=(b"URL:", b"CATEGORIES:"))
    auth = httpx.BasicAuth(USERNAME, PASSWORD)
    async with opened(httpx.MockTransport(server.handle), ORIGIN + "/", "team", auth) as site:
        site.quirks = quirks
        for _ in range(4):
            await site.publish(resources(range(3)))

        assert site.wire.methods()["PUT"] == (3 if quirks else 6)
        assert {row.standing for row in (await site.rows()).values()} == {Standing.PUBLISHED}
        report = await site.publish({})
        assert report.deleted == 3
        assert server.calendars[TEAM] == {}
