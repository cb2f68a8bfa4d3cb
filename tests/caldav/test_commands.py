"""
The commands about targets, and the daemon, with a real Radicale.
"""

import asyncio
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import ClassVar
from urllib.parse import urljoin

import httpx
import pytest

from service.app.clock import utc_now
from service.app.opening import open_settings_store
from service.app.policy import policy_of
from service.app.preview import with_targets
from service.app.synchronizer import Synchronizer
from service.app.targets import make_reconciler
from service.core.conference import Conference, Invitation
from service.settings.load import load_settings
from tests.caldav import loopback
from tests.caldav.loopback import PASSWORD, USERNAME, Loopback
from tests.caldav.site import foreign_events
from tests.commands.conftest import Confcal, confcal, restored_logging
from tests.core.given import conference, listed, once, weekly
from tests.listening import serving_http

__all__ = ["confcal", "restored_logging"]


@pytest.fixture(scope="module")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loopback]:
    with loopback.radicale(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture
def target(radicale: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a collection of its own; two conferences are known."""
    collection = f"team-{tmp_path.name[-24:].strip('-_')}"
    for name, value in {
        "DATA_DIR": str(tmp_path / "data"),
        "SECRET": "a secret of the tests",
        "TARGETS__CLOUD__URL": f"http://127.0.0.1:{radicale.port}/",
        "TARGETS__CLOUD__COLLECTION": collection,
        "TARGETS__CLOUD__USERNAME": USERNAME,
        "TARGETS__CLOUD__PASSWORD": PASSWORD,
    }.items():
        monkeypatch.setenv(f"CONFCAL_{name}", value)
    hear(conference("100"), conference("200", "Stand-up", weekly()))
    return f"http://127.0.0.1:{radicale.port}/{USERNAME}/{collection}/"


def hear(*conferences: Conference) -> None:
    async def fill() -> None:
        settings = load_settings()
        store = await open_settings_store(settings)
        synchronizer = Synchronizer(store, policy_of(settings))
        await synchronizer.refresh()
        await synchronizer.accept(listed(*conferences))
        await store.close()

    asyncio.run(fill())


def publish() -> None:
    """Do once what the daemon does all the time."""

    async def once() -> None:
        async with with_targets(load_settings()) as targets_by_name:
            for configured in targets_by_name.values():
                reconciler = make_reconciler(configured, utc_now)
                await reconciler.once()
                assert reconciler.status.error == ""

    asyncio.run(once())


def held(url: str) -> list[str]:
    with httpx.Client(auth=(USERNAME, PASSWORD)) as http:
        listed_there = http.request("PROPFIND", url, headers={"Depth": "1"})
    return [part.split("<")[0] for part in listed_there.text.split("<href>")[1:] if ".ics" in part]


def test_check_tells_what_a_target_is_and_writes_nothing(confcal: Confcal, target: str) -> None:
    done = confcal("check")

    assert (
        "target cloud good 127.0.0.1 (Radicale): the collection is not there yet; confcal creates it"
        in done.squeezed
    )
    assert "calendar-access" in done.text
    assert "quirk one-writer" in done.text
    assert held(target) == []

    publish()
    assert "the collection is there" in confcal("check").text


def test_check_writes_a_test_event_where_it_is_asked_to_and_removes_it(confcal: Confcal, target: str) -> None:
    assert "no test event was written: the collection is not there yet" in confcal("check", "--write").text
    publish()
    before = held(target)

    done = confcal("check", "--write")

    assert "target cloud good" in done.squeezed
    assert "a test event was written and removed" in done.text
    assert held(target) == before


@pytest.mark.usefixtures("target")
def test_check_fails_where_the_server_refused_events_for_good(confcal: Confcal) -> None:
    publish()
    assert "target cloud good" in confcal("check").squeezed

    async def park() -> None:
        async with with_targets(load_settings()) as targets_by_name:
            ledger = targets_by_name["cloud"].calendars.store.ledger
            row = next(iter((await ledger.publications("cloud")).values()))
            parked = row.park("the server finds it too large (status 413)", retry_at=utc_now())
            await ledger.record_publications("cloud", [parked])

    asyncio.run(park())
    done = confcal("check")

    assert done.code == 1
    assert "cloud FAILED incomplete: 1 event is refused: the server finds it too large" in done.squeezed


class _Closed(BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []

    def do_PROPFIND(self) -> None:
        self.asked.append(self.path)
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="r"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.mark.usefixtures("target")
def test_a_refused_password_is_tried_once_for_all_targets_that_show_it(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving_http(_Closed) as port:
        for name in ("CLOUD", "STAFF", "BOARD"):
            url = f"http://127.0.0.1:{port}/{name}/"
            for setting, value in {"URL": url, "USERNAME": USERNAME, "PASSWORD": PASSWORD}.items():
                monkeypatch.setenv(f"CONFCAL_TARGETS__{name}__{setting}", value)
        done = confcal("check")

    assert done.code == 1
    table, _, needs = done.text.partition("What needs you")
    for part in (table, needs):
        assert part.count("refuses the user name or the password") == 3
    assert len(_Closed.asked) == 1


@pytest.mark.usefixtures("target")
def test_a_file_that_is_no_certificate_is_told_with_target_and_path(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_text("nonsense")
    monkeypatch.setenv("CONFCAL_TARGETS__CLOUD__CA_FILE", str(tmp_path / "ca.pem"))

    done = confcal("check")

    assert done.code == 2
    assert f"CONFCAL_TARGETS__CLOUD__CA_FILE: {tmp_path / 'ca.pem'} cannot be used" in done.err


@pytest.mark.usefixtures("target")
def test_a_misspelt_calendar_is_told_with_the_nearest_name(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONFCAL_TARGETS__CLOUD__CALENDAR", "al")

    assert "there is no calendar 'al'; did you mean all?" in confcal("check").text


@pytest.mark.usefixtures("target")
def test_a_trusted_host_that_is_none_is_refused_with_the_form(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONFCAL_TARGETS__CLOUD__TRUSTED_HOSTS", "https://other.example.net/")

    done = confcal("check")

    assert done.code == 2
    assert "CONFCAL_TARGETS__CLOUD__TRUSTED_HOSTS" in done.err
    assert "write hosts like dav.example.com" in done.err.replace("Write", "write")


class _Elsewhere(BaseHTTPRequestHandler):
    def do_PROPFIND(self) -> None:
        self.send_response(301)
        self.send_header("Location", "https://other.example.net:8443/dav/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.mark.usefixtures("target")
def test_check_shows_where_the_server_sends_us_and_the_setting(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving_http(_Elsewhere) as port:
        monkeypatch.setenv("CONFCAL_TARGETS__CLOUD__URL", f"http://127.0.0.1:{port}/dav/")
        done = confcal("check")

    assert done.code == 1
    assert "sends us on to other.example.net:8443 (redirect, status 301)" in done.text
    assert "CONFCAL_TARGETS__CLOUD__TRUSTED_HOSTS=other.example.net:8443" in done.text


@pytest.mark.usefixtures("target")
def test_check_says_that_the_password_is_wrong_without_saying_it(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONFCAL_TARGETS__CLOUD__PASSWORD", "wrong-password-7")

    done = confcal("check")

    assert done.code == 1
    assert "target cloud FAILED 127.0.0.1 refuses the user name or the password" in done.squeezed
    assert "wrong-password-7" not in done.text + done.err


def test_plan_shows_what_would_be_written_and_writes_nothing(confcal: Confcal, target: str) -> None:
    first = confcal("plan")
    lines = [line for line in first.text.splitlines() if line.startswith("  + ")]
    assert len(lines) == 2
    form = re.compile(r"  \+ \w{3} \d+ \w{3,4}( \d{4})? \d\d:\d\d +\S.*  \(new\)")
    assert all(map(form.fullmatch, lines))
    assert "UID" not in first.text
    assert "UID" in confcal("plan", "-v").text
    assert "cloud: 2 to create, 0 to update, 0 to delete, 0 unchanged" in first.text
    assert held(target) == []

    publish()
    assert "cloud: 0 to create, 0 to update, 0 to delete, 2 unchanged" in confcal("plan", "cloud").text

    hear(conference("100", "A new topic"), conference("200", "Stand-up", weekly()))
    changed = confcal("plan", "-v")
    assert "cloud: 0 to create, 1 to update, 0 to delete, 1 unchanged" in changed.text
    assert "+SUMMARY:A new topic" in changed.text
    assert "-SUMMARY:" in changed.text
    assert "DTSTART" not in changed.text


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize(
    ("name", "hint"), [("clod", "; did you mean cloud?"), ("office", "; known are cloud")]
)
@pytest.mark.parametrize("command", ["plan", "purge"])
def test_an_unknown_target_is_answered_with_the_nearest_or_with_all(
    confcal: Confcal, command: str, name: str, hint: str
) -> None:
    done = confcal(command, name)

    assert (done.code, done.err.splitlines()[-1]) == (1, f"confcal: there is no target {name!r}{hint}")


def test_purge_removes_only_ours_and_asks_first(confcal: Confcal, target: str) -> None:
    publish()
    with httpx.Client(auth=(USERNAME, PASSWORD)) as http:
        for name, body in foreign_events().items():
            http.put(
                target + name, content=body, headers={"Content-Type": "text/calendar"}
            ).raise_for_status()
    assert len(held(target)) == 52

    asked = confcal("purge", "cloud", stdin=b"n\n")
    assert asked.code == 1
    assert "Delete 2 events from cloud?" in asked.text
    assert len(held(target)) == 52

    done = confcal("purge", "cloud", "--yes")
    assert done.code == 0
    assert "cloud: 2 deleted" in done.text
    assert sorted(held(target)) == sorted(
        f"/{USERNAME}/{target.split('/')[-2]}/{name}" for name in foreign_events()
    )
    assert "nothing is published there" in confcal("purge", "cloud", "--yes").text


def renamed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Give the target another name in the settings."""
    for setting in ("URL", "COLLECTION", "USERNAME", "PASSWORD"):
        value = os.environ[f"CONFCAL_TARGETS__CLOUD__{setting}"]
        monkeypatch.delenv(f"CONFCAL_TARGETS__CLOUD__{setting}")
        monkeypatch.setenv(f"CONFCAL_TARGETS__{name}__{setting}", value)


def test_a_target_with_a_new_name_goes_on_where_the_old_one_was(
    confcal: Confcal, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish()
    renamed(monkeypatch, "STAFF")
    hear(conference("100"), conference("300"), conference("200", "Stand-up", weekly()))

    publish()

    assert len(held(target)) == 3
    assert "staff: 3 deleted" in confcal("purge", "staff", "--yes").text
    assert held(target) == []


def test_purge_knows_targets_that_left_the_settings(
    confcal: Confcal, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish()
    renamed(monkeypatch, "STAFF")
    monkeypatch.setenv("CONFCAL_TARGETS__STAFF__COLLECTION", "elsewhere-" + target.split("/")[-2])

    assert "known are cloud, staff" in confcal("purge", "office", "--yes").err
    assert "cloud: 2 deleted" in confcal("purge", "cloud", "--yes").text
    assert held(target) == []


def test_purge_sends_no_credentials_to_another_server(
    confcal: Confcal, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish()
    renamed(monkeypatch, "STAFF")
    monkeypatch.setenv("CONFCAL_TARGETS__STAFF__URL", "http://127.0.0.1:9/")

    done = confcal("purge", "cloud", "--yes")

    assert "cloud: no target of the settings is on 127.0.0.1" in done.text
    assert "cloud: nothing was deleted" in done.text
    assert len(held(target)) == 2


def test_purge_finds_the_collection_that_a_target_had_before(
    confcal: Confcal, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish()
    monkeypatch.setenv("CONFCAL_TARGETS__CLOUD__COLLECTION", "next-" + target.split("/")[-2])
    publish()
    assert len(held(target)) == 2

    done = confcal("purge", "cloud", "--yes")

    assert "cloud: 4 deleted" in done.text
    assert held(target) == []


def test_purge_believes_that_a_collection_is_gone_only_when_told_so(confcal: Confcal, target: str) -> None:
    publish()
    with httpx.Client(auth=(USERNAME, PASSWORD)) as http:
        http.delete(target).raise_for_status()

    done = confcal("purge", "cloud", "--yes")
    assert done.code == 1
    assert "if it is gone for good, purge with --gone" in done.err

    assert "cloud: 0 deleted" in confcal("purge", "cloud", "--yes", "--gone").text
    assert "nothing is published there" in confcal("purge", "cloud", "--yes").text


def test_purge_leaves_alone_what_another_target_keeps_now(
    confcal: Confcal, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish()
    renamed(monkeypatch, "STAFF")
    # The same collection, named in another way.
    monkeypatch.setenv("CONFCAL_TARGETS__STAFF__URL", target)
    publish()

    done = confcal("purge", "cloud", "--yes")

    assert "cloud: its collection is kept by staff now" in done.text
    assert len(held(target)) == 2


@pytest.mark.usefixtures("target")
def test_one_collection_for_each_account(confcal: Confcal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFCAL_TARGETS__CLOUD__CALENDAR", "accounts/*")
    plan = confcal("plan").text
    keys = [line.partition(":")[0] for line in plan.splitlines() if line.startswith("cloud/")]
    assert len(keys) == 1
    assert "@" in keys[0]

    publish()

    assert "2 unchanged" in confcal("plan").text
    assert "cloud: 2 deleted" in confcal("purge", "cloud", "--yes").text


def test_one_collection_for_each_invited_person(
    confcal: Confcal, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONFCAL_CALENDARS_FOR_PEOPLE", "true")
    monkeypatch.setenv("CONFCAL_TARGETS__CLOUD__CALENDAR", "people/*")
    # A name of its own, so that nothing but this test is in these collections.
    name = target.rstrip("/").rpartition("/")[2]
    monkeypatch.setenv("CONFCAL_TARGETS__CLOUD__COLLECTION", name + " {calendar}")
    ivanov, petrov = invited("ivanov"), invited("petrov")
    hear(conference("100", "Nobody is invited"), ivanov("200"), petrov("300"), ivanov("400"))
    plan = confcal("plan").text
    keys = [line.partition(":")[0] for line in plan.splitlines() if line.startswith("cloud/")]
    assert keys == ["cloud/ivanov@video.example.com", "cloud/petrov@video.example.com"]

    publish()
    collections = [urljoin(target, f"../{name}-{who}-video-example-com/") for who in ("ivanov", "petrov")]
    assert [len(held(collection)) for collection in collections] == [2, 1]

    # Taken off the last conference: the calendar, and so the collection, becomes empty, a restart later too.
    hear(conference("100", "Nobody is invited"), ivanov("200"), conference("300"), ivanov("400"))
    publish()
    assert [len(held(collection)) for collection in collections] == [2, 0]
    assert "cloud: 2 deleted" in confcal("purge", "cloud", "--yes").text


def invited(person: str) -> Callable[[str], Conference]:
    """Return what makes conferences to which a person is invited."""
    return lambda id_: replace(conference(id_), invitations=(Invitation(person, ""),))


def test_reminders_of_what_is_to_come_reach_the_collection(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONFCAL_TARGETS__CLOUD__REMINDERS", "PT15M")
    ended, budget = once("2001-01-01 09:00"), once("2098-01-01 09:00")
    known = [conference("100"), conference("200", "Stand-up", weekly())]
    hear(*known, conference("300", "Ended", ended), conference("400", "Budget", budget))
    publish()

    with httpx.Client(auth=(USERNAME, PASSWORD)) as http:
        bodies = [http.get(httpx.URL(target).join(href)).text for href in held(target)]

    of_topic = {topic: body for body in bodies for topic in ("Stand-up", "Ended", "Budget") if topic in body}
    assert "VALARM" not in of_topic["Ended"]
    for topic in ("Stand-up", "Budget"):
        alarm = of_topic[topic].partition("BEGIN:VALARM")[2]
        assert "TRIGGER:-PT15M" in alarm
        assert f"DESCRIPTION:{topic}" in alarm
