"""
From a frame of the endpoint to the bytes of the feed: two programs, a network, a database.
"""

import asyncio
import signal
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
import recurring_ical_events
from icalendar import Calendar

from service.simulator.server import Simulator, SimulatorOptions
from tests.e2e.given import MONDAY, lasting_room, many, once, weekly
from tests.e2e.program import Feed, Home, room

START = int(MONDAY.timestamp())


def assert_lines_are_icalendar(feed: Feed) -> None:
    assert feed.body.count(b"\n") == feed.body.count(b"\r") == feed.body.count(b"\r\n")
    for line in feed.body.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()


async def test_a_new_list_is_in_the_feed_and_only_an_edit_is_a_revision(home: Home, tmp_path: Path) -> None:
    async with room(tmp_path, conferences=(once(), weekly(), lasting_room())) as endpoint:
        async with home.daemon(endpoint.web_url) as daemon:
            first = await daemon.feed(lambda feed: len(feed.vevents) == 2)
            assert_lines_are_icalendar(first)
            _assert_revision(first, "100", sequence=0)

            # Running, stopped: nothing that a calendar shows.
            endpoint.tell(once(state="running", session_id="100@x"), weekly(), lasting_room())
            await daemon.program.event("sync.list_accepted", times=2)
            unchanged = await daemon.feed()
            assert (unchanged.body, unchanged.etag) == (first.body, first.etag)

            endpoint.tell(once(topic="Renamed"), weekly(), lasting_room())
            renamed = await daemon.feed(lambda feed: feed.topics["100"] == "Renamed")
            _assert_edited(first, renamed, "100", sequence=1)
            _assert_same(first, renamed, "200")

            endpoint.tell(once(topic="Renamed"), weekly(), once("101", "New"))
            grown = await daemon.feed(lambda feed: "101" in feed.vevents)
            _assert_same(renamed, grown, "100")
            _assert_revision(grown, "101", sequence=0)

            endpoint.tell(once(topic="Renamed"), once("101", "New"))
            shrunk = await daemon.feed(lambda feed: "200" not in feed.vevents)
            assert shrunk.changed_at >= grown.changed_at
            assert shrunk.etag != grown.etag
            assert await daemon.program.end() == 0

        async with home.daemon(endpoint.web_url) as again:
            before_any_list = await again.feed()
            assert (before_any_list.body, before_any_list.etag) == (shrunk.body, shrunk.etag)
            await again.program.event("sync.list_accepted")
            after_the_same_list = await again.feed()
            assert (after_the_same_list.body, after_the_same_list.etag) == (shrunk.body, shrunk.etag)


def _assert_revision(feed: Feed, id_: str, *, sequence: int) -> None:
    vevent = feed.vevents[id_]
    assert vevent["SEQUENCE"] == sequence
    assert vevent["DTSTAMP"].dt == vevent["LAST-MODIFIED"].dt


def _assert_edited(before: Feed, after: Feed, id_: str, *, sequence: int) -> None:
    _assert_revision(after, id_, sequence=sequence)
    assert after.vevents[id_]["LAST-MODIFIED"].dt > before.vevents[id_]["LAST-MODIFIED"].dt
    assert after.vevents[id_]["UID"] == before.vevents[id_]["UID"]
    assert after.etag != before.etag


def _assert_same(before: Feed, after: Feed, id_: str) -> None:
    assert after.vevents[id_].to_ical() == before.vevents[id_].to_ical()


async def test_served_rules_mean_the_same_meetings_to_another_reader(home: Home, tmp_path: Path) -> None:
    night = weekly("201", "Ночные работы")
    # Half past midnight on Monday in Moscow is Sunday in UTC.
    night["schedule"] = {"start_time": START - 34_200, "duration": 7200, "days": [0, 1, 0, 0, 0, 0, 0]}
    async with (
        room(tmp_path, conferences=(once(), weekly(), night)) as endpoint,
        home.daemon(endpoint.url) as daemon,
    ):
        feed = await daemon.feed(lambda feed: len(feed.vevents) == 3)

    found = recurring_ical_events.of(Calendar.from_ical(feed.body)).between(
        MONDAY - timedelta(days=1), MONDAY + timedelta(days=8)
    )
    meetings = sorted((str(event["SUMMARY"]), event["DTSTART"].dt.astimezone(UTC)) for event in found)
    assert meetings == sorted(
        [
            (str(once()["topic"]), MONDAY),
            ("Планёрка", MONDAY),
            ("Планёрка", MONDAY + timedelta(days=3)),
            ("Планёрка", MONDAY + timedelta(days=7)),
            ("Ночные работы", MONDAY - timedelta(hours=9, minutes=30)),
            ("Ночные работы", MONDAY + timedelta(days=7) - timedelta(hours=9, minutes=30)),
        ]
    )


@pytest.mark.parametrize("variant", ["A", "B", "iso"])
async def test_every_spelling_of_a_list_means_the_same(home: Home, tmp_path: Path, variant: str) -> None:
    conferences = (once(), weekly(), lasting_room())
    options = ("--variant", variant, "--fragment", 100)
    async with (
        room(tmp_path, *options, conferences=conferences) as endpoint,
        home.daemon(endpoint.url) as daemon,
    ):
        feed = await daemon.feed(lambda feed: len(feed.vevents) == 2)

    assert feed.vevents["100"]["DTSTART"].dt == MONDAY
    assert feed.vevents["100"]["DTEND"].dt == MONDAY + timedelta(hours=1)
    assert feed.vevents["200"]["RRULE"].to_ical() == b"FREQ=WEEKLY;BYDAY=MO,TH"
    assert feed.topics["100"] == once()["topic"]


async def test_a_frame_of_many_megabytes_in_fragments_is_one_list(home: Home) -> None:
    big = many(2000)
    options = SimulatorOptions(conferences=big, fragment_characters=10_240)
    async with Simulator(options) as simulator, home.daemon(simulator.url) as daemon:
        feed = await daemon.feed(lambda feed: feed.body.count(b"BEGIN:VEVENT") == len(big))

    assert sum(len(str(conference)) for conference in big) > 8 * 2**20
    assert_lines_are_icalendar(feed)


async def test_a_broken_frame_and_a_lost_connection_leave_the_feed_alone(home: Home) -> None:
    async with (
        Simulator(SimulatorOptions(conferences=[once()])) as simulator,
        home.daemon(simulator.url) as daemon,
    ):
        before = await daemon.feed(lambda feed: "100" in feed.vevents)

        await simulator.send_raw('{"method": "event", "event": "conferenceList", "cnt": 0, "conf')
        await daemon.program.event("trueconf.frame_rejected")
        await simulator.drop_all()
        await daemon.program.event("trueconf.unreachable")
        assert (await daemon.feed()).body == before.body

        await daemon.program.event("sync.list_accepted", times=2)
        assert (await daemon.feed()).body == before.body
        await simulator.set_conferences([once(topic="Afterwards")])
        await daemon.feed(lambda feed: feed.topics["100"] == "Afterwards")


async def test_another_user_does_not_touch_the_calendar_of_the_first(home: Home) -> None:
    options = SimulatorOptions(conferences=[once(), weekly()], peer="first@video.example.com")
    async with Simulator(options) as simulator, home.daemon(simulator.url) as daemon:
        firsts = await daemon.feed(lambda feed: len(feed.vevents) == 2, calendar="first@video.example.com")

        await simulator.change_user("second@video.example.com")
        await simulator.set_conferences([once("500", "Of the second")])

        seconds = await daemon.feed(lambda feed: "500" in feed.vevents, calendar="second@video.example.com")
        assert "Of the second" in seconds.topics.values()
        still = await daemon.feed(calendar="first@video.example.com")
        assert (still.body, still.etag) == (firsts.body, firsts.etag)
        everybodys = await daemon.feed(lambda feed: "500" in feed.vevents)
        assert everybodys.vevents.keys() >= {"100", "200", "500"}


async def test_an_endpoint_that_is_not_there_does_not_disturb_the_other(
    home: Home, unused_tcp_port: int
) -> None:
    dead = {"SOURCES__HALL__URL": f"ws://127.0.0.1:{unused_tcp_port}"}
    async with (
        Simulator(SimulatorOptions(conferences=[once()])) as simulator,
        home.daemon(simulator.url, **dead) as daemon,
    ):
        await daemon.feed(lambda feed: "100" in feed.vevents)
        told = await daemon.program.event("trueconf.unreachable")
        assert told["source"] == "hall"

        await simulator.set_conferences([once(topic="Still heard")])

        await daemon.feed(lambda feed: feed.topics["100"] == "Still heard")
        assert (await daemon.http.get(f"{daemon.url}/readyz")).status_code == 200


async def test_a_rejected_pin_is_told_and_not_tried_in_a_storm(home: Home) -> None:
    options = SimulatorOptions(pin="1234", conferences=[once()])
    wrong = {"SOURCES__LOBBY__PIN": "4321", "POLL_EVERY": "1"}
    async with Simulator(options) as simulator, home.daemon(simulator.url, **wrong) as daemon:
        first = await daemon.program.event("trueconf.pin_rejected")
        waiting = await daemon.program.event("trueconf.waiting")
        assert simulator.auth_attempts == 1
        await daemon.program.event("trueconf.pin_rejected", times=2)
        longer = await daemon.program.event("trueconf.waiting", times=2)

        # The polls of every second in between asked for nothing.
        assert simulator.auth_attempts == 2
        assert waiting["seconds"] < longer["seconds"] == 6 * 3600
        assert "rejected the PIN" in first["error"]
        assert "4321" not in "".join(daemon.program.err)
        assert (await daemon.get()).status_code == 503
        assert await daemon.program.end(signal.SIGINT) == 0


async def test_the_right_pin_opens_the_list(home: Home) -> None:
    options = SimulatorOptions(pin="1234", conferences=[once()])
    async with (
        Simulator(options) as simulator,
        home.daemon(simulator.web_url, SOURCES__LOBBY__PIN="1234") as daemon,
    ):
        await daemon.feed(lambda feed: "100" in feed.vevents)
        assert simulator.auth_attempts == 1


async def test_many_readers_at_once_get_the_same_feed(home: Home) -> None:
    async with (
        Simulator(SimulatorOptions(conferences=[once()])) as simulator,
        home.daemon(simulator.url) as daemon,
    ):
        await daemon.feed(lambda feed: "100" in feed.vevents)
        await simulator.set_conferences([once(), weekly()])

        await daemon.feed(lambda feed: "200" in feed.vevents)
        answers = await asyncio.gather(*(daemon.get() for _ in range(50)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1


def test_the_week_of_these_tests_begins_on_a_monday() -> None:
    conferences: list[dict[str, Any]] = [once(), weekly()]

    assert MONDAY.weekday() == 0
    assert {conference["schedule"]["start_time"] for conference in conferences} == {START}
