import errno
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from service.telemetry import configure_logging
from tests.tools import restoring_logging


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    with restoring_logging():
        yield


def events(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_of_json_with_its_fields() -> None:
    stream = io.StringIO()
    configure_logging("json", "info", stream)

    structlog.get_logger().info("sync.list_accepted", account="иванов@video.example.com", conferences=3)

    (event,) = events(stream)
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "account": "иванов@video.example.com",
        "conferences": 3,
        "event": "sync.list_accepted",
        "level": "info",
    }
    assert "иванов" in stream.getvalue()


def test_what_is_below_the_level_is_not_written() -> None:
    stream = io.StringIO()
    configure_logging("json", "warning", stream)

    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")

    assert [event["event"] for event in events(stream)] == ["loud"]


def test_warnings_of_libraries_are_events_too() -> None:
    stream = io.StringIO()
    configure_logging("json", "debug", stream)

    logging.getLogger("websockets.client").warning("odd %s", "thing")

    (event,) = events(stream)
    assert (event["event"], event["level"]) == ("odd thing", "warning")


def test_what_libraries_write_at_debug_level_may_hold_secrets_and_is_dropped() -> None:
    stream = io.StringIO()
    configure_logging("json", "debug", stream)

    logging.getLogger("websockets.client").debug('> TEXT {"credentials": "1234"}')
    logging.getLogger("uvicorn.access").info("GET /feeds/token/all.ics")
    structlog.get_logger().debug("ours")

    assert [event["event"] for event in events(stream)] == ["ours"]


def test_an_exception_is_a_field_of_its_event() -> None:
    stream = io.StringIO()
    configure_logging("json", "info", stream)

    structlog.get_logger().error("app.crashed", exc_info=ValueError("boom"))

    (event,) = events(stream)
    assert "ValueError: boom" in event["exception"]


@pytest.mark.parametrize("form", ["json", "console"])
def test_where_a_library_failed_can_be_read(form: Any) -> None:
    stream = io.StringIO()
    configure_logging(form, "info", stream)

    def fail() -> None:
        raise ValueError("boom")

    try:
        fail()
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")

    text = events(stream)[0]["exception"] if form == "json" else stream.getvalue()
    assert "ValueError: boom" in text
    assert "in fail" in text
    assert "<traceback object" not in text


@pytest.mark.parametrize(("form", "stream"), [("auto", Terminal()), ("console", io.StringIO())])
def test_people_get_readable_lines(form: Any, stream: io.StringIO) -> None:
    configure_logging(form, "info", stream)

    structlog.get_logger().info("app.started", url="http://127.0.0.1:8080")

    assert "app.started" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_where_nobody_reads_along_auto_is_json() -> None:
    stream = io.StringIO()
    configure_logging("auto", "info", stream)

    structlog.get_logger().info("app.started")

    assert [event["event"] for event in events(stream)] == ["app.started"]


def test_a_line_shows_fifty_of_three_thousand_names_and_how_many_more_there_are() -> None:
    stream = io.StringIO()
    configure_logging("json", "info", stream)
    names = [f"room{number}" for number in range(3000)]

    structlog.get_logger().info("app.started", sources=names, few=names[:50])

    [event] = events(stream)
    assert event["sources"] == [*names[:50], "and 2950 more"]
    assert event["few"] == names[:50]
    assert len(names) == 3000


PIN = "hunter2"


class FullDisk(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, f"no room for {len(text)}")

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "no room")


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_log_that_cannot_be_written_stops_nothing(form: Any, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(form, "info", FullDisk())

    structlog.get_logger().info("app.started")
    logging.getLogger("uvicorn.error").warning("odd")

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_does_not_show_what_variables_held(form: Any) -> None:
    stream = io.StringIO()
    configure_logging(form, "info", stream)

    def connect(pin: str) -> None:
        raise ValueError(f"it has {len(pin)} digits")

    for logger in (structlog.get_logger(), logging.getLogger("uvicorn.error")):
        try:
            connect(PIN)
        except ValueError:
            logger.exception("failed")

    assert stream.getvalue().count("it has 7 digits") == 2
    assert PIN not in stream.getvalue()
