"""
What the buttons of the overview do about held lists, Rooms, targets and rejected input.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.core.errors import (
    HeldListChanged,
    StaleState,
    StillRejected,
    StoreUnavailable,
    TooSoon,
    UnknownName,
)
from service.web.admin.frame import AdminFrame
from service.web.admin.sessions import AdminSession

log = structlog.get_logger()

_REFUSALS: Mapping[type[Exception], str] = {
    UnknownName: "gone",
    HeldListChanged: "changed",
    TooSoon: "soon",
    StillRejected: "still",
    StoreUnavailable: "unavailable",
    StaleState: "unavailable",
}
"""Why nothing was done, in the word that the page is given."""

_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class NeedForm:
    """
    A button of the overview.
    """

    path: str
    field: str
    """The field that names what it is about."""

    act: Callable[[Mapping[str, str]], Awaitable[int | None]]
    """Does what the fields say; of a held list it returns how many conferences that concerned."""

    done: str

    async def answer(
        self, frame: AdminFrame, request: Request, session: AdminSession, fields: Mapping[str, str]
    ) -> Response:
        """Do what the form says, log it, and lead back to the overview."""
        about = fields.get(self.field, "")
        try:
            count = await self.act({"digest": "", **fields, self.field: about})
        except tuple(_REFUSALS) as error:
            refusal = next(word for kind, word in _REFUSALS.items() if isinstance(error, kind))
            return frame.lead_back("/", refusal)
        _log_done(self.done, about, count or 0, frame.signin.network(request))
        frame.live.notify()
        return frame.keep_done(frame.lead_back("/", self.done), session, done=self.done, about=about)


def make_need_forms(frame: AdminFrame) -> list[Route]:
    """Return the routes of the buttons."""
    port = frame.queries.reports
    forms = (
        NeedForm("/approve", "account", lambda f: _approve(frame, f), "approved"),
        NeedForm("/keep", "account", lambda f: port.keep(f["account"], f["digest"]), "kept"),
        NeedForm("/ask", "source", lambda f: port.ask_source(f["source"]), "asked"),
        NeedForm("/retry-target", "target", lambda f: port.retry_target(f["target"]), "retried"),
        NeedForm("/retry-rejected", "number", lambda f: port.retry_rejected(_number(f)), "understood"),
        NeedForm("/dismiss-rejected", "number", lambda f: port.dismiss_rejected(_number(f)), "dismissed"),
    )
    return [frame.form(each.path, each.answer, "/") for each in forms]


async def _approve(frame: AdminFrame, fields: Mapping[str, str]) -> int:
    """Apply a held list, unless somebody decided to keep what it lacks since the page was shown."""
    held = (each for each in frame.queries.list_held() if each.account == fields["account"])
    if any(each.kept and "kept" not in fields for each in held):
        raise HeldListChanged("somebody decided to keep what this list lacks")
    return await frame.queries.reports.approve(fields["account"], fields["digest"])


def _log_done(done: str, about: str, count: int, network: str) -> None:
    match done:
        case "approved":
            log.info("web.list_approved", account=about, removed=count, way="dashboard", network=network)
        case "kept":
            log.info("web.list_kept", account=about, kept=count, way="dashboard", network=network)
        case "asked":
            log.info("web.source_asked", name=about, way="dashboard", network=network)
        case "retried":
            log.info("web.target_retried", name=about, way="dashboard", network=network)
        case "understood":
            log.info("web.rejected_retried", number=int(about), way="dashboard", network=network)
        case _:
            log.info("web.rejected_dismissed", number=int(about), way="dashboard", network=network)


def _number(fields: Mapping[str, str]) -> int:
    text = fields["number"]
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
        raise UnknownName("nothing rejected has this number")
    return int(text)
