"""
What systemd is told of the daemon: `Type=notify` and the watchdog (sd_notify(3)).

Where systemd did not start the daemon, nothing is told.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

Notify = Callable[[str], object]
"""Sends one word of sd_notify(3)."""


log = structlog.get_logger()

_MICROSECOND = 1e-6


@dataclass(frozen=True, slots=True)
class ServiceManager:
    """
    The systemd that waits for word, or nobody.
    """

    notify: Notify | None = None
    watchdog_seconds: float | None = None
    """How long systemd waits for a sign of life before it restarts the daemon; None: for ever."""

    @classmethod
    def find(
        cls, environ: Mapping[str, str], load: Callable[[], Notify | None] | None = None
    ) -> "ServiceManager":
        """Return what the environment names. Where the library is missing, that is logged."""
        if not environ.get("NOTIFY_SOCKET"):
            return cls()
        notify = (load or _load)()
        if notify is None:
            remedy = "install confcal[systemd], or set Type=exec in the unit"
            log.warning("app.systemd_not_told", remedy=remedy)
            return cls()
        given = environ.get("WATCHDOG_USEC", "")
        ours = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        watched = ours and given.isdecimal() and int(given) > 0
        return cls(notify, int(given) * _MICROSECOND if watched else None)

    def tell_ready(self) -> None:
        """Tell that feeds are served, after the start or a reload."""
        self._tell("READY")

    def tell_reloading(self) -> None:
        """Tell that settings are read again; `tell_ready` follows."""
        self._tell("RELOADING")

    def tell_stopping(self) -> None:
        """Tell that the daemon ends in order."""
        self._tell("STOPPING")

    async def keep_alive(self) -> None:
        """Give signs of life until cancelled, from the event loop: one that hangs gives none."""
        if self.watchdog_seconds is None:
            return
        while True:
            self._tell("WATCHDOG")
            await asyncio.sleep(self.watchdog_seconds / 3)

    def _tell(self, word: str) -> None:
        if self.notify:
            self.notify(word)


def _load() -> Notify | None:
    """Return what tells systemd; None where the library is not installed."""
    try:
        from cysystemd.daemon import Notification, notify  # noqa: PLC0415 -- an extra, for Linux alone
    except ImportError:
        return None

    def tell(word: str) -> object:
        # It logs what goes wrong, and raises nothing.
        return notify(Notification[word])

    return tell
