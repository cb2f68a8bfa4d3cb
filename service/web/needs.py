"""
What needs a person, for the overview and the API.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, assert_never

import msgspec

from service.core.held import HeldList
from service.core.need_words import NeedText, describe
from service.core.needs import (
    Disputed,
    Facts,
    Need,
    NeedKind,
    OpenSecret,
    Room,
    Target,
    VersionBehind,
    ZoneMissing,
    find_last_lists,
    find_needs,
    kind_of,
)
from service.core.person import name_with_id
from service.core.rejected import RejectedInput
from service.core.vevent import Translate
from service.core.zone_notices import ZoneUnset
from service.web.queries import AdminQueries
from service.web.schemas import DisputeView, Missing, SourceView, TargetView, to_views


class NeedAction(msgspec.Struct, frozen=True):
    """
    What can be done about a need.
    """

    name: Literal["keep", "approve", "ask", "retry", "dismiss"]
    path: str
    """Where to send a POST, below `/api`."""


class NeedView(msgspec.Struct, frozen=True):
    """
    Something that a person can do something about.
    """

    kind: NeedKind
    name: str
    """Which account, source, target, number of rejected input, conference, setting, file or replica."""

    title: str
    text: str
    detail: str = ""
    """What a server or confcal itself said of it; empty where nothing did."""

    since: datetime | None = None
    applied_at: datetime | None = None
    """When a held list is applied by itself at the earliest."""

    missing: tuple[Missing, ...] = ()
    """What a held list would remove, the soonest first."""

    actions: tuple[NeedAction, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownNeed:
    """
    A need as a page shows it.
    """

    kind: NeedKind
    need: Need
    text: NeedText
    dispute: DisputeView | None = None
    """What each account reports, of a dispute."""


@dataclass(frozen=True, slots=True)
class NeedQueries:
    """
    Gathers what is known, and finds what of it needs somebody.
    """

    queries: AdminQueries

    async def load(self) -> tuple[Need, ...]:
        """Return what needs a person, the most urgent first. Raises StoreUnavailable."""
        return self.find(await self.queries.reports.load_rejected())

    def find(self, rejected: Sequence[RejectedInput]) -> tuple[Need, ...]:
        """Return what needs a person, where this input is rejected."""
        return find_needs(self._gather(rejected), self.queries.now())

    def show(
        self, needs: Sequence[Need], gettext: Translate, moment: Callable[[datetime], str]
    ) -> list[ShownNeed]:
        """Return needs in a viewer's language; `moment` writes a moment as they read it."""
        disputes = {(each.server, each.id): each for each in self.queries.disputes()}
        return [
            ShownNeed(
                kind_of(each),
                each,
                describe(each, gettext, moment),
                disputes.get((each.server, each.conference_id)) if isinstance(each, Disputed) else None,
            )
            for each in needs
        ]

    def _gather(self, rejected: Sequence[RejectedInput]) -> Facts:
        queries, reports = self.queries, self.queries.reports
        by_account, by_source = find_last_lists(queries.state(), reports.last_listings())
        return Facts(
            held=queries.list_held(),
            rooms=[_to_room(each) for each in reports.sources()],
            targets=[_to_target(each) for each in reports.targets()],
            rejected=rejected,
            disputes=[_to_disputed(each) for each in queries.disputes()],
            zones=[
                ZoneMissing(each.variable, each.count)
                for each in queries.zone_notices()
                if isinstance(each, ZoneUnset)
            ],
            open_secrets=reports.open_secrets(),
            versions=reports.versions(),
            quiet=queries.policy.quiet,
            last_lists=by_account,
            last_of_sources=by_source,
        )


def _to_room(view: SourceView) -> Room:
    return Room(
        view.name,
        view.state,
        view.since,
        view.last_list_at,
        view.place,
        view.error,
        view.kind == "endpoint",
    )


def _to_target(view: TargetView) -> Target:
    return Target(view.name, view.state, view.error, tuple(each.reason for each in view.parked))


def _to_disputed(view: DisputeView) -> Disputed:
    counts = name_with_id(view.counts_display_name, view.counts)
    return Disputed(view.id, view.server, view.topic, counts)


def to_view(need: Need) -> NeedView:
    """Return a need for programs, its sentences in English."""
    words = describe(need, str, lambda moment: f"{moment:%Y-%m-%d %H:%M} UTC")
    name, since, actions = _of_kind(need)
    held = need if isinstance(need, HeldList) else None
    return NeedView(
        kind_of(need),
        name,
        words.title,
        words.text,
        words.english,
        since,
        held.applied_at if held else None,
        to_views(Missing, held.leaving) if held else (),
        actions,
    )


def _of_kind(  # noqa: PLR0911 -- one for each kind
    need: Need,
) -> tuple[str, datetime | None, tuple[NeedAction, ...]]:
    """Return what a need is about, since when it lasts, and what can be done."""
    match need:
        case HeldList(account, since, _, digest):
            path = f"/held/{account}"
            keep = NeedAction("keep", f"{path}/keep?digest={digest}")
            return account, since, (keep, NeedAction("approve", f"{path}/approve?digest={digest}"))
        case Room(name, _, since, asked=asked):
            return name, since, (NeedAction("ask", f"/sources/{name}/ask"),) if asked else ()
        case Target(name):
            return name, None, (NeedAction("retry", f"/targets/{name}/retry"),)
        case RejectedInput(number=number, retriable=retriable, first_at=first_at):
            retry = (NeedAction("retry", f"/rejected/{number}/retry"),) if retriable else ()
            return str(number), first_at, (*retry, NeedAction("dismiss", f"/rejected/{number}/dismiss"))
        case Disputed(conference_id):
            return conference_id, None, ()
        case ZoneMissing(variable):
            return variable, None, ()
        case OpenSecret(path):
            return path, None, ()
        case VersionBehind(where):
            return where, None, ()
        case _ as unreachable:
            assert_never(unreachable)
