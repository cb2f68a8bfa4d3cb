"""
The daemon's tasks: started together, watched, and ended in order.
"""

import asyncio
import gc
import os
import signal
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import structlog

from service.app.build import Parts, open_parts
from service.app.clock import utc_now
from service.app.housekeeping import Housekeeping, StoreWatch, ZoneLog
from service.app.reload import apply_settings
from service.app.supervisor import Runnable, Supervisor
from service.app.systemd import ServiceManager
from service.core.errors import SettingsError, StoreUnavailable
from service.core.memory import keep_little
from service.core.needs import OpenSecret
from service.core.replicas import HOUSEKEEPING
from service.settings.changes import SettingsChange, compare_settings
from service.settings.model import Settings
from service.settings.origins import Origins
from service.settings.secret_values import find_secrets, hide_secrets
from service.telemetry import configure_logging
from service.web.serving import WebServer

log = structlog.get_logger()

_FAILED = 1

_LAST_SECONDS = 8.0
"""How long an orderly end may take: less than the ten seconds after which `docker stop` kills."""

_FIRST_LISTS_SECONDS = 120
_WHILE_MUCH_ARRIVES = (10_000, 10, 100)
"""
The thresholds of the garbage collector for the first lists: after how many new objects it looks through them,
and how often before it looks through older ones, and all. By default 700, 10 and 10.
"""

_GRACE_SECONDS = 3
"""How long answers under way may take after a signal to stop."""


async def run(
    settings: Settings,
    *,
    record: Path | None = None,
    heard: Callable[[Parts], None] = lambda _parts: None,
    read: Callable[[], Settings] | None = None,
    list_open_secrets: Callable[[], Sequence[OpenSecret]] = tuple,
    find_origins: Callable[[], Origins] = dict,
) -> None:
    """
    Run the daemon until SIGTERM or SIGINT; what arrives is written into the folder `record`.

    On SIGHUP it works by the settings that `read` returns; where that raises SettingsError nothing changes.

    `list_open_secrets` finds what holds secrets and is open to others, for the overview, and `find_origins`
    where the settings in force come from.

    `heard` is called once the first list is in the feeds.

    Raises SettingsError, StoreUnavailable, and an ExceptionGroup of whatever crashed.
    """
    keep_little()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, shutdown_handler(stop))
    reload = Reload(read) if read else None
    if reload:
        loop.add_signal_handler(signal.SIGHUP, reload.asked.set)
        # `__main__` blocks it from the first moment on.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
    manager = ServiceManager.find(os.environ)
    async with open_parts(settings, record=record) as parts:
        parts.reporter.list_open_secrets = list_open_secrets
        parts.reporter.find_origins = find_origins
        try:
            await _serve(parts, stop, heard, reload, manager)
        finally:
            # Other replicas take over at once what this replica ran.
            with suppress(TimeoutError, StoreUnavailable):
                async with asyncio.timeout(_GRACE_SECONDS):
                    await parts.leases.leave()
        # What was rejected within the last second is not written yet.
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_SECONDS):
                await parts.rejections.write()
                await parts.journal.write()
    log.info("app.stopped")


def shutdown_handler(
    stop: asyncio.Event, *, last_seconds: float = _LAST_SECONDS, end: Callable[[int], None] = os._exit
) -> Callable[[], None]:
    """
    Return the function that a signal calls.

    It sets `stop`, and ends the process at the second signal or where stopping takes too long.

    A database that somebody else has locked holds the thread that waits for it, and that cannot be cancelled.
    What is committed is on disk; what is not is asked for again at the next start.
    """

    def at_once() -> None:
        # A log that cannot be written must not keep the process alive.
        with suppress(Exception):
            log.warning("app.ended_at_once")
        end(_FAILED)

    def on_signal() -> None:
        if stop.is_set():
            at_once()
            return
        stop.set()
        log.info("app.stopping")
        asyncio.get_running_loop().call_later(last_seconds, at_once)

    return on_signal


def end_after_crash(tasks: Iterable[asyncio.Task[None]], *, end: Callable[[int], None] = os._exit) -> None:
    """End a process whose other parts do not end after a crash; the log still says what crashed."""
    with suppress(Exception):
        for task in tasks:
            error = task.exception() if task.done() and not task.cancelled() else None
            if error:
                log.error("app.crashed", exc_info=error)
        log.warning("app.ended_at_once")
    end(_FAILED)


async def _serve(
    parts: Parts,
    stop: asyncio.Event,
    heard: Callable[[Parts], None],
    reload: "Reload | None",
    manager: ServiceManager,
) -> None:
    server = WebServer(parts.web, parts.listening, grace_seconds=_GRACE_SECONDS)
    timetable, zones = parts.timetable, ZoneLog()
    housekeeping = Housekeeping(parts, zones)
    async with asyncio.TaskGroup() as tasks:
        supervisor = Supervisor(tasks)
        serving = tasks.create_task(server.run(), name="web")
        leasing = tasks.create_task(parts.leases.run(supervisor), name="leases")
        await parts.load()
        _search_seldom(_FIRST_LISTS_SECONDS)
        await parts.leases.keep(find_parts(parts, housekeeping))
        running = [
            leasing,
            tasks.create_task(_refresh_when_woken(parts, timetable.refresh), name="refresh"),
            tasks.create_task(parts.store.follow_wakeups(parts.wake), name="wakeups"),
            tasks.create_task(parts.rejections.run(), name="rejections"),
            tasks.create_task(parts.journal.run(), name="journal"),
            tasks.create_task(parts.requests.run(), name="requests"),
            tasks.create_task(_notify_first_list(parts, heard, zones), name="heard"),
        ]
        if reload:
            reloading = _reload_when_asked(parts, housekeeping, reload, manager)
            running.append(tasks.create_task(reloading, name="reload"))
        running.append(tasks.create_task(manager.keep_alive(), name="watchdog"))
        timetable.start()
        if parts.reporter.exposure:
            log.warning("app.exposed", warning=parts.reporter.exposure.describe())
        zones.log_new(parts.reporter.zone_notices(utc_now()))
        log.info("app.started", url=parts.url, sources=list(parts.sources.all))
        manager.notify_ready()
        stopping = tasks.create_task(stop.wait(), name="stop")
        try:
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            # A part crashed. The others are cancelled now, and one of them may not end.
            everything = (serving, *running, *supervisor.tasks)
            asyncio.get_running_loop().call_later(_LAST_SECONDS, end_after_crash, everything)
            raise
        manager.notify_stopping()
        timetable.stop()
        parts.live.close()
        parts.visitors.live.close()
        server.stop()
        supervisor.cancel()
        for task in (*running, stopping):
            task.cancel()


def _search_seldom(seconds: float) -> None:
    """
    Have the garbage collector look through all objects more seldom for a while.

    What the first lists add stays, and the collector would go through it whenever a quarter is added.
    """
    usual = gc.get_threshold()
    gc.set_threshold(*_WHILE_MUCH_ARRIVES)
    asyncio.get_running_loop().call_later(seconds, gc.set_threshold, *usual)


def find_parts(parts: Parts, housekeeping: Runnable) -> dict[str, Runnable]:
    """Return the parts that one replica runs for all replicas, by the names of their leases."""
    return {
        HOUSEKEEPING: housekeeping,
        **{f"source/{name}": source for name, source in parts.sources.all.items()},
        **{f"target/{name}": target for name, target in parts.targets.all.items()},
        **{f"notify/{name}": notifier for name, notifier in parts.notifiers.all.items()},
    }


@dataclass(frozen=True, slots=True)
class Reload:
    """
    How the settings are read again, and the event that requests it.
    """

    read: Callable[[], Settings]
    asked: asyncio.Event = field(default_factory=asyncio.Event)


async def _reload_when_asked(
    parts: Parts, housekeeping: Housekeeping, reload: Reload, manager: ServiceManager
) -> None:
    while True:
        await reload.asked.wait()
        reload.asked.clear()
        manager.notify_reloading()
        try:
            change = compare_settings(parts.settings, reload.read())
            await apply_settings(parts, change.settings)
        except (SettingsError, StoreUnavailable) as error:
            log.error("settings.reload_refused", error=str(error))  # noqa: TRY400 -- the sentence says it all
            manager.notify_ready()
            continue
        await parts.leases.keep(find_parts(parts, housekeeping))
        hide = partial(hide_secrets, secrets=find_secrets(parts.settings))
        configure_logging(parts.settings.log_format, parts.settings.log_level, hide=hide)
        log_reload(change)
        manager.notify_ready()


def log_reload(change: SettingsChange) -> None:
    """Log what other settings changed, by names alone."""
    differences = {"sources": change.sources, "targets": change.targets, "calendars": change.calendars}
    changes = {
        f"{table}_{kind}": list(names)
        for table, difference in differences.items()
        for kind in ("added", "removed", "changed")
        if (names := getattr(difference, kind))
    }
    log.info("settings.reloaded", **changes, settings=list(change.others))
    if change.fixed:
        log.warning(
            "settings.restart_needed",
            settings=list(change.fixed),
            text="these settings take effect when confcal is restarted",
        )


async def _notify_first_list(parts: Parts, heard: Callable[[Parts], None], zones: ZoneLog) -> None:
    await parts.synchronizer.heard.wait()
    zones.log_new(parts.reporter.zone_notices(utc_now()))
    heard(parts)


async def _refresh_when_woken(parts: Parts, wake: asyncio.Event) -> None:
    store = StoreWatch()
    while True:
        await wake.wait()
        wake.clear()
        with store.tolerate_failure():
            await parts.synchronizer.refresh()
            await parts.feeds.record_again()
            await parts.reporter.elsewhere.refresh()
            if await parts.feeds.directory.refresh():
                parts.live.notify()
