"""
One address of Apprise. A dead one delays nothing, and no secret of it is logged.
"""

import asyncio
import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, Protocol

from service.core.errors import ConfcalError, SettingsError

_SEND_SECONDS: Final = 60.0
"""How long one message may take. Apprise has limits of its own for each step, a few seconds each."""


class ChannelFailed(ConfcalError):
    """A message was not taken. The text names no part of the address."""


class Channel(Protocol):
    """
    Where messages go. The daemon's channel is `AppriseChannel`.
    """

    async def send(self, title: str, body: str) -> None:
        """Send one message, plain text. Raises ChannelFailed."""
        ...


class AppriseChannel(Channel):
    """
    Sends to one Apprise address, one message at a time.
    """

    def __init__(self, notify: Callable[[str, str], bool], service: str) -> None:
        self._notify, self._service = notify, service
        self._under_way = False

    async def send(self, title: str, body: str) -> None:
        """Send one message in a thread of its own. Raises ChannelFailed."""
        if self._under_way:
            raise ChannelFailed(f"{self._service} has not answered to the last message yet")
        self._under_way = True
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                taken = await self._run(title, body)
        except TimeoutError:
            raise ChannelFailed(f"{self._service} did not answer within {_SEND_SECONDS:.0f} s") from None
        if not taken:
            raise ChannelFailed(f"{self._service} did not take the message")

    async def _run(self, title: str, body: str) -> bool:
        # A thread of a pool would be waited for when the daemon ends.
        loop, done = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()

        def finish(taken: bool) -> None:  # noqa: FBT001 - the answer of the library
            self._under_way = False
            if not done.done():
                done.set_result(taken)

        def work() -> None:
            taken = False
            # Whatever its plugins raise: the message did not arrive.
            with suppress(Exception):
                taken = self._notify(title, body)
            # The daemon may have ended meanwhile.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(finish, taken)

        threading.Thread(target=work, name="notify", daemon=True).start()
        return bool(await done)


def open_channel(variable: str, url: str) -> AppriseChannel:
    """
    Return the channel of an address; `variable` is the setting that holds it.

    Raises SettingsError: Apprise is not installed, or does not know such an address.
    """
    try:
        import apprise  # noqa: PLC0415 - an extra; and it takes long to import
    except ImportError as error:
        raise SettingsError(
            f"{variable}: messages need Apprise, which is not installed; install confcal[notify]"
        ) from error
    # Its errors show addresses with their passwords.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    services = apprise.Apprise()
    with warnings.catch_warnings():
        # It loads all its plugins now, and what they use of Python is not ours to mend.
        warnings.simplefilter("ignore", DeprecationWarning)
        known = services.add(url) and len(services) == 1
    if not known:
        scheme = url.partition("://")[0][:20] if "://" in url else ""
        named = f" ({scheme}://...)" if scheme.isalnum() else ""
        raise SettingsError(
            f"{variable}: Apprise does not know such an address{named}; "
            "write one like mailto://user:password@example.com or json://host/path"
        )

    def notify(title: str, body: str) -> bool:
        return bool(services.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT))

    return AppriseChannel(notify, str(services[0].service_name))


@contextmanager
def report_failures(report: Callable[[str], None]) -> Iterator[None]:
    """
    Call `report` with each reason for a failure that Apprise logs inside, for the terminal of an operator.
    """

    class Reporter(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            report(record.getMessage())

    logger, handler = logging.getLogger("apprise"), Reporter()
    level, logger.propagate = logger.level, False
    logger.setLevel(logging.WARNING)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = True
