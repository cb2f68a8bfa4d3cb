"""
Schemathesis on the API's own OpenAPI document: no 5xx, and no answer that the document does not tell of.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.core.parameters import ParameterLocation
from starlette.types import Receive, Scope, Send

from service.core.conference import Listing, Rejection, Snapshot
from service.core.target_state import TargetState
from service.web.schemas import TargetView
from tests.core.given import DESK, NOW, conference, listed, many, once, room
from tests.tools import how_often
from tests.web.administered import HALL_TOKEN, TOKEN, Administered, administered

pytestmark = [pytest.mark.slow, pytest.mark.thorough]

MINUTE = timedelta(minutes=1)
KNOWN = {
    "server": "video.example.com",
    "id": "100",
    "source": "hall",
    "name": "all",
    "account": str(DESK),
} | {
    "room": "lobby",
    "target": "cloud",
}
REJECTION = Rejection("4711", "schedule.start_time", "missing", b"{}")


async def _hold(site: Administered) -> None:
    """Have a list held, whatever became of the one before; the clock is set back for that."""
    fourteen = [replace(each, schedule=once()) for each in many(14)]
    # Each list is newer than the one before, or it would change nothing.
    last = site.synchronizer.state.account(DESK).list_at or NOW
    await site.accept(listed(*fourteen, account=DESK, at=last + MINUTE))
    await site.accept(listed(*fourteen[:3], account=DESK, at=last + 2 * MINUTE))


async def _reject(site: Administered) -> int:
    """Keep rejected input, where none is kept, and return its number."""
    site.rejections.snapshot(Snapshot(DESK, "hall", NOW, Listing((), (REJECTION,))))
    await site.rejections.write()
    return (await site.store.load_rejected())[0].number


async def _site() -> Administered:
    async with administered(CALENDARS_FOR_PEOPLE="true", SOURCES__LOBBY__URL="ws://10.0.0.15:8765") as site:
        site.targets.shown = [TargetView("cloud", TargetState.INCOMPLETE, "all", 0)]
        await site.accept(listed(conference("100"), room("900")))
        await _hold(site)
        return site


class Current:
    """The web server of the test that runs; for the document, that of nobody."""

    def __init__(self) -> None:
        self.site = asyncio.run(_site())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.site.web(scope, receive, send)


CURRENT = Current()
API = schemathesis.openapi.from_asgi("/api/openapi.json", CURRENT)
OPERATIONS: list[Any] = [found.ok() for found in cast("Any", API.get_all_operations())]

_THOROUGH = settings(
    max_examples=how_often(8, 12, 300),
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(autouse=True)
def site() -> Administered:
    """A server of the test's own, behind the one document."""
    CURRENT.site = asyncio.run(_site())
    return CURRENT.site


def _called(case: Any) -> Any:
    # Wrong tokens are part of what is tried; how they are slowed down is tested elsewhere.
    CURRENT.site.later(MINUTE)
    token = HALL_TOKEN if "events" in case.operation.path else TOKEN
    shown = {} if _unfit_header(case) else {"Authorization": f"Bearer {token}"}
    return case.call_and_validate(headers=shown)


def _unfit_header(case: Any) -> bool:
    """Whether it is the token that is wrong or missing; giving the right one would make the case fit."""
    info = case.meta.components.get(ParameterLocation.HEADER)
    return info is not None and info.mode is GenerationMode.NEGATIVE


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fit", "unfit"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_whatever_is_sent_gets_an_answer_of_the_document(operation: Any, mode: GenerationMode) -> None:
    @_THOROUGH
    @given(operation.as_strategy(generation_mode=mode))
    def sent(case: Any) -> None:
        _called(case)

    sent()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_so_it_is_for_what_is_there(operation: Any, site: Administered) -> None:
    statuses: set[int] = set()

    @_THOROUGH
    @given(operation.as_strategy())
    def sent(case: Any) -> None:
        if operation.path.endswith("/approve"):
            asyncio.run(_hold(site))
        known = {**KNOWN, "number": asyncio.run(_reject(site))}
        case.path_parameters = {name: known[name] for name in case.path_parameters or {}}
        statuses.add(_called(case).status_code)

    sent()
    assert 404 not in statuses


def test_the_document_tells_of_everything_that_the_dashboard_does() -> None:
    paths = API.raw_schema["paths"]

    assert {operation.path for operation in OPERATIONS} == set(paths)
    assert set(paths) == {
        "/api/status",
        "/api/sources",
        "/api/targets",
        "/api/held",
        "/api/held/{account}/approve",
        "/api/held/{account}/keep",
        "/api/disputes",
        "/api/journal",
        "/api/strips",
        "/api/conferences",
        "/api/conferences/{server}/{id}",
        "/api/activity",
        "/api/needs",
        "/api/sources/{room}/ask",
        "/api/targets/{target}/retry",
        "/api/rejected/{number}/retry",
        "/api/rejected/{number}/dismiss",
        "/api/settings",
        "/api/rejected",
        "/api/calendars",
        "/api/calendars/{name}/rotate",
        "/api/events/{source}",
    }
    ingest = paths["/api/events/{source}"]["post"]["responses"]
    assert {"202", "400", "401", "404", "413", "415", "422", "429"} <= set(ingest)
