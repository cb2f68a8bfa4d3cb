"""
Messages of the daemon to systemd: `Type=notify` and the watchdog (sd_notify(3)).

Where systemd did not start the daemon, nothing is sent.
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
    The systemd that started the daemon, or none.
    """

    notify: Notify | None = None
    watchdog_seconds: float | None = None
    """How long systemd waits for a sign of life before it restarts the daemon; None means for ever."""

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

    def notify_ready(self) -> None:
        """Report that feeds are served, after the start or a reload."""
        self._send("READY")

    def notify_reloading(self) -> None:
        """Report that settings are read again; `notify_ready` follows."""
        self._send("RELOADING")

    def notify_stopping(self) -> None:
        """Report that the daemon ends in order."""
        self._send("STOPPING")

    async def keep_alive(self) -> None:
        """Send signs of life until cancelled, from the event loop, so that a loop that hangs sends none."""
        if self.watchdog_seconds is None:
            return
        while True:
            self._send("WATCHDOG")
            await asyncio.sleep(self.watchdog_seconds / 3)

    def _send(self, word: str) -> None:
        if self.notify:
            self.notify(word)


def _load() -> Notify | None:
    """Return what sends to systemd; None where the library is not installed."""
    try:
        from cysystemd.daemon import Notification, notify  # noqa: PLC0415 -- an extra, for Linux alone
    except ImportError:
        return None

    def send(word: str) -> object:
        # It logs what goes wrong, and raises nothing.
        return notify(Notification[word])

    return send
