"""
The log: events with fields, readable in a terminal and as JSON lines elsewhere.
"""

import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Literal, TextIO, cast

import structlog

_MOST_LISTED = 50
"""Values of a list that one line shows. journald and container engines break lines of 16 to 48 KiB."""


def configure_logging(
    form: Literal["auto", "console", "json"],
    level: str,
    stream: TextIO | None = None,
    *,
    hide: Callable[[str], str] = str,
) -> None:
    """
    Send structlog's events and the libraries' warnings to `stream` (standard error).

    Tracebacks are written as `hide` returns them: libraries quote what they failed on, secrets too.
    """
    stream = stream or sys.stderr
    unfailing = _Unfailing(stream)
    console = form == "console" or (form == "auto" and stream.isatty())
    shared: list[structlog.typing.Processor] = [
        _shorten_lists,
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(
            colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
        if console
        else structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=False)
    )
    exceptions: list[structlog.typing.Processor] = [structlog.processors.format_exc_info, _Hiding(hide)]
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, *exceptions, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", unfailing)),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(unfailing)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[_drop_meta, *exceptions, renderer], foreign_pre_chain=shared
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    # Libraries at debug level write frames and headers, and those hold PINs and secret addresses.
    root.setLevel(max(number, logging.WARNING))


def _shorten_lists(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    for field, value in event.items():
        if isinstance(value, list) and len(value) > _MOST_LISTED:
            event[field] = [*value[:_MOST_LISTED], f"and {len(value) - _MOST_LISTED} more"]
    return event


class _Hiding:
    """Exchanges the traceback of an event."""

    def __init__(self, hide: Callable[[str], str]) -> None:
        self._hide = hide

    def __call__(
        self, _logger: object, _method: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        if "exception" in event:
            event["exception"] = self._hide(str(event["exception"]))
        return event


class _Unfailing:
    """
    A stream whose disk may be full and whose reader may be gone: the calendars matter more than their log.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write what can be written."""
        # A closed stream answers with ValueError, one that cannot encode with a kind of it.
        with suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        """Flush what can be flushed."""
        with suppress(OSError, ValueError):
            self._stream.flush()


_drop_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
