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
        removed = await self._decide(request, self.reports.approve, "web.list_approved")
        if isinstance(removed, Response):
            return removed
        return answer(Approved(request.path_params["account"], removed))

    async def keep(self, request: Request) -> Response:
        """Answer `POST /api/held/{account}/keep`."""
        kept = await self._decide(request, self.reports.keep, "web.list_kept")
        if isinstance(kept, Response):
            return kept
        return answer(Kept(request.path_params["account"], kept))

    async def _decide(
        self, request: Request, decide: Callable[[str, str | None], Awaitable[int]], event: str
    ) -> int | Response:
        """Return how many conferences a decision on a held list was about, or why there was none."""
        odd = find_odd(request, (LOOKED_AT,))
        digest = request.query_params.get("digest")
        if odd is not None or digest == "":
            return problem(
                422, "Send the digest that GET /api/held gave, once, and nothing else.", field=odd or "digest"
            )
        account = request.path_params["account"]
        try:
            number = await decide(account, digest)
        except UnknownName:
            return problem(404, "No list of this account is held; GET /api/held lists those that are.")
        except HeldListChanged:
            return problem(409, "The held list is another by now; look at GET /api/held again.")
        network = self.networks.of(request.scope)
        counted = {"removed" if event == "web.list_approved" else "kept": number}
        log.info(event, account=account, **counted, way="api", network=network)
        return number


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
