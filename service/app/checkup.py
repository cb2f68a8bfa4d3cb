"""
All checks of `confcal check`.

They run at once, each within its time limit, and are reported in a fixed order.
"""

import asyncio
from collections.abc import Awaitable, Collection
from contextlib import suppress
from dataclasses import dataclass

from service.app.check_daemon import Asker, check_daemon, open_asker
from service.app.check_local import check_database, check_settings, check_zone
from service.app.check_needs import find_check_needs
from service.app.check_public import check_public
from service.app.check_source import SourceReport, report_of
from service.app.check_target import TargetReport, check_target
from service.app.clock import utc_now
from service.app.fetching import http_fetch
from service.app.findings import CheckReport, Finding, Verdict
from service.app.opening import with_store
from service.app.preview import with_targets_for_check
from service.app.room_clock import clock_note
from service.app.zones import notices_of
from service.calendars.calendar import ALL
from service.calendars.tokens import Addresses
from service.core.errors import ConfcalError, SettingsError
from service.core.needs import Room
from service.core.target_state import TargetState
from service.core.vevent import Translate
from service.settings.model import Settings, SourceSettings
from service.settings.origins import Configuration
from service.settings.paths import public_url, secret_of
from service.settings.precautions import find_open_secrets
from service.trueconf.discovery import pin_in


@dataclass(frozen=True, slots=True)
class CheckPlan:
    """
    How thorough a check is.
    """

    limit_seconds: float
    """How long each source, target and address may take."""

    write: bool = False
    """Whether a test event is written to each target, and removed again."""


async def run_checks(configuration: Configuration, plan: CheckPlan, gettext: Translate) -> CheckReport:
    """
    Run all checks and return the report. Raises SettingsError where a part cannot be built from the settings.
    """
    settings = configuration.settings
    async with http_fetch() as fetch, open_asker(plan.limit_seconds) as asker:
        async with asyncio.TaskGroup() as tasks:
            database = tasks.create_task(check_database(settings, gettext))
            sources = [
                tasks.create_task(report_of(name, each, fetch, plan.limit_seconds))
                for name, each in settings.sources.items()
            ]
            clocks = [
                tasks.create_task(clock_note(each.url, asker, gettext)) for each in settings.sources.values()
            ]
            targets = tasks.create_task(_check_targets(settings, plan, gettext))
            daemon = tasks.create_task(check_daemon(settings, asker, gettext))
            public = tasks.create_task(_check_public_with_feed(settings, asker, gettext))
        heard = {
            report.name: report.conferences
            for report in (task.result() for task in sources)
            if report.conferences is not None
        }
        notices = await notices_of(settings, heard)
    needs = await find_check_needs(
        settings,
        [task.result() for task in sources],
        [report for report, _ in targets.result()],
        notices=notices,
        open_secrets=find_open_secrets(configuration),
        now=utc_now(),
    )
    needed = {each.name for each in needs if isinstance(each, Room)}
    findings = [
        *check_settings(configuration, gettext),
        check_zone(configuration, gettext),
        *(Finding("zone", Verdict.NOTICE, (notice.describe(gettext),)) for notice in notices),
        database.result(),
        *(
            _of_source(task.result(), settings.sources[task.result().name], clock.result(), needed, gettext)
            for task, clock in zip(sources, clocks, strict=True)
        ),
        *(finding for _, finding in targets.result()),
        public.result(),
        daemon.result(),
    ]
    return CheckReport(tuple(findings), needs)


def _of_source(
    report: SourceReport,
    settings: SourceSettings,
    clock: str,
    needed: Collection[str],
    gettext: Translate,
) -> Finding:
    lines, verdict = [report.text], Verdict.GOOD if report.good else Verdict.FAILED
    if not report.good and report.name not in needed:
        lines, verdict = [gettext("quiet by its hours: %(reason)s") % {"reason": report.text}], Verdict.NOTICE
    if clock:
        lines.append(clock)
        verdict = Verdict.WARNING if report.good else verdict
    if settings.url and pin_in(settings.url):
        text = gettext("the PIN stands in the address: move it to %(name)s, or to a file with %(name)s_FILE")
        lines.append(text % {"name": f"CONFCAL_SOURCES__{report.name.upper()}__PIN"})
    return Finding("source", verdict, tuple(lines), report.name)


async def _check_public_with_feed(settings: Settings, asker: Asker, gettext: Translate) -> Finding:
    feed_url = None
    if settings.public_url:
        # Before the first start there is no database; the check of the database reports all other trouble.
        with suppress(ConfcalError):
            feed_url = await _find_feed(settings)
    return await check_public(settings, feed_url, asker, gettext)


async def _find_feed(settings: Settings) -> str:
    """Return the address of the feed that always exists. Raises ConfcalError."""
    async with with_store(settings) as store:
        generations = {ALL: (await store.rotations()).get(ALL, 0)}
    return Addresses.of(secret_of(settings), generations, public_url(settings, settings.port)).feed_url(ALL)


async def _check_targets(
    settings: Settings, plan: CheckPlan, gettext: Translate
) -> list[tuple[TargetReport, Finding]]:
    if not settings.targets:
        return []
    try:
        async with with_targets_for_check(settings) as targets_by_name:
            asked = [
                _within(plan.limit_seconds, name, check_target(configured, write=plan.write), gettext)
                for name, configured in targets_by_name.items()
            ]
            return [(report, _of_target(report)) for report in await asyncio.gather(*asked)]
    except SettingsError:
        raise
    except ConfcalError as error:
        text = gettext("not asked: %(reason)s") % {"reason": error}
        unasked = (TargetReport(name, TargetState.FAILING, (text,)) for name in settings.targets)
        return [(report, _of_target(report)) for report in unasked]


async def _within(
    limit_seconds: float, name: str, asking: Awaitable[TargetReport], gettext: Translate
) -> TargetReport:
    try:
        async with asyncio.timeout(limit_seconds):
            return await asking
    except TimeoutError:
        text = gettext("it did not answer everything within %(seconds)g s; raise --timeout")
        return TargetReport(name, TargetState.FAILING, (text % {"seconds": limit_seconds},))


def _of_target(report: TargetReport) -> Finding:
    return Finding("target", Verdict.GOOD if report.good else Verdict.FAILED, report.lines, report.name)
