"""
What the API does about held lists: apply one, or keep what it lacks.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response

from service.core.errors import HeldListChanged, UnknownName
from service.web.admin_port import AdminPort
from service.web.api.openapi import Operation, Parameter
from service.web.api.parameters import LOOKED_AT, NAME, find_odd
from service.web.api.problem import answer, problem
from service.web.network import Networks

log = structlog.get_logger()

_ACCOUNT = Parameter("account", "path", "`user@server`.", NAME)


class Approved(msgspec.Struct, frozen=True):
    """
    What applying a held list removed.
    """

    account: str
    removed: int


class Kept(msgspec.Struct, frozen=True):
    """
    What of a held list stays.
    """

    account: str
    kept: int


@dataclass(frozen=True, slots=True)
class HeldApi:
    """
    The handlers.
    """

    reports: AdminPort
    networks: Networks

    async def approve(self, request: Request) -> Response:
        """Answer `POST /api/held/{account}/approve`."""
        account, removed = await _decide(request, self.reports.approve)
        if isinstance(removed, Response):
            return removed
        network = self.networks.of(request.scope)
        log.info("web.list_approved", account=account, removed=removed, way="api", network=network)
        return answer(Approved(account, removed))

    async def keep(self, request: Request) -> Response:
        """Answer `POST /api/held/{account}/keep`."""
        account, kept = await _decide(request, self.reports.keep)
        if isinstance(kept, Response):
            return kept
        network = self.networks.of(request.scope)
        log.info("web.list_kept", account=account, kept=kept, way="api", network=network)
        return answer(Kept(account, kept))


async def _decide(
    request: Request, decide: Callable[[str, str | None], Awaitable[int]]
) -> tuple[str, int | Response]:
    """Return the account, and how many conferences the decision was about or why there was none."""
    account, digest = request.path_params["account"], request.query_params.get("digest")
    odd = find_odd(request, (LOOKED_AT,))
    if odd is not None or digest == "":
        words = "Send the digest that GET /api/held gave, once, and nothing else."
        return account, problem(422, words, field=odd or "digest")
    try:
        return account, await decide(account, digest)
    except UnknownName:
        words = "No list of this account is held; GET /api/held lists those that are."
        return account, problem(404, words)
    except HeldListChanged:
        return account, problem(409, "The held list is another by now; look at GET /api/held again.")


def make_held_operations(reports: AdminPort, networks: Networks) -> tuple[Operation, Operation]:
    """Return how the API approves and how it keeps."""
    api = HeldApi(reports, networks)
    return (
        Operation(
            "POST",
            "/held/{account}/approve",
            "approve",
            "Apply a held list",
            api.approve,
            Approved,
            refusals=(404, 409, 422, 503),
            parameters=(_ACCOUNT, LOOKED_AT),
        ),
        Operation(
            "POST",
            "/held/{account}/keep",
            "keep",
            "Have the conferences of a held list stay",
            api.keep,
            Kept,
            refusals=(404, 409, 422, 503),
            parameters=(_ACCOUNT, LOOKED_AT),
        ),
    )
