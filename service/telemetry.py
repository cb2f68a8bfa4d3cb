"""
Logs: events with fields, for people in a terminal and as JSON lines elsewhere.
"""

import logging
import sys
from typing import Literal, TextIO

import structlog


def configure_logging(
    form: Literal["auto", "console", "json"], level: str, stream: TextIO | None = None
) -> None:
    """
    Send structlog's events and the libraries' warnings to `stream` (standard error).
    """
    stream = stream or sys.stderr
    console = form == "console" or (form == "auto" and stream.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=stream.isatty())
        if console
        else structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=False)
    )
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processors=[_drop_meta, renderer], foreign_pre_chain=shared)
    )
    root = logging.getLogger()
    root.handlers = [handler]
    # Libraries at debug level write frames and headers, and those hold PINs and secret addresses.
    root.setLevel(max(number, logging.WARNING))


_drop_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
