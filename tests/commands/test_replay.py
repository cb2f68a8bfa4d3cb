import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import Confcal
from tests.commands.given import known
from tests.conftest import SAMPLES
from tests.core.given import SERVER
from tests.e2e.given import once, weekly

AT = "2026-11-23T10:00:00Z"
MOMENT = datetime(2026, 11, 23, 10, tzinfo=UTC)
IVANOV = "ivanov@video.example.com"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFCAL_DATA_DIR", str(tmp_path / "data"))


def event(*conferences: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {
        "method": "event",
        "event": "conferenceList",
        "cnt": len(conferences),
        "conferences": conferences,
    } | rest


def written(tmp_path: Path, content: object) -> Path:
    file = tmp_path / "events.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def test_a_plain_event_changes_the_calendar_of_the_account(confcal: Confcal, tmp_path: Path) -> None:
    file = written(tmp_path, event(once("1"), weekly("2")))

    done = confcal("replay", "--new", file, "--account", IVANOV, "--source", "lobby", "--at", AT)

    assert (done.code, done.text) == (0, "lists accepted: 1, conferences edited: 2, removed: 0\n")
    (account,) = known().accounts.values()
    assert (str(account.account), account.source, account.list_at) == (IVANOV, "lobby", MOMENT)


def test_delays_count_as_if_they_had_passed(confcal: Confcal, tmp_path: Path) -> None:
    steps = [
        {"delay_s": 0, "frame": event(once("1"), once("2"))},
        {"delay_s": 60, "frame": event(once("1"))},
        {"delay_s": 60 + 900, "frame": event(once("1"))},
    ]

    done = confcal("replay", "--new", written(tmp_path, steps), "--account", IVANOV, "--at", AT)

    assert done.text == "lists accepted: 3, conferences edited: 2, removed: 1\n"
    (account,) = known().accounts.values()
    assert account.list_at == MOMENT + timedelta(seconds=960)


def test_the_same_recording_again_changes_nothing(confcal: Confcal, tmp_path: Path) -> None:
    file = written(tmp_path, event(once("1")))
    confcal("replay", "--new", file, "--account", IVANOV, "--at", AT)

    again = confcal("replay", "--new", file, "--account", IVANOV, "--at", AT)

    assert again.text == "lists accepted: 1, conferences edited: 0, removed: 0\n"


def test_an_old_recording_takes_nothing_back(confcal: Confcal, tmp_path: Path) -> None:
    confcal(
        "replay", "--new", written(tmp_path, event(once("1"), once("2"))), "--account", IVANOV, "--at", AT
    )
    old = [{"delay_s": minutes * 60, "frame": event(once("1", topic="Old"))} for minutes in (0, 20, 40)]

    done = confcal(
        "replay", "--new", written(tmp_path, old), "--account", IVANOV, "--at", "2026-11-20T10:00:00Z"
    )

    assert done.code == 0
    assert done.text == (
        "lists accepted: 0 (3 older than what is known left out), conferences edited: 0, removed: 0\n"
    )
    (account,) = known().accounts.values()
    assert set(account.reported) == {"1", "2"}
    assert account.list_at == MOMENT


def test_without_an_account_the_lists_belong_to_the_last_of_the_source(
    confcal: Confcal, tmp_path: Path
) -> None:
    confcal("replay", "--new", written(tmp_path, event(once("1"))), "--account", IVANOV, "--source", "lobby")

    confcal("replay", "--new", written(tmp_path, event(once("2"))), "--source", "lobby")

    assert [str(account) for account in known().accounts] == [IVANOV]


def test_a_misspelt_source_is_refused_with_the_nearest(
    confcal: Confcal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONFCAL_SOURCES__LOBBY__URL", "ws://127.0.0.1:1")

    done = confcal("replay", "--new", written(tmp_path, event(once("1"))), "--source", "loby")

    assert (done.code, done.err) == (1, "confcal: there is no source 'loby'; did you mean lobby?\n")


def test_without_anything_they_belong_to_the_source_of_the_settings(
    confcal: Confcal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONFCAL_SOURCES__HALL__URL", "ws://127.0.0.1:1")
    monkeypatch.setenv("CONFCAL_SOURCES__HALL__SERVER", SERVER.upper())

    confcal("replay", "--new", written(tmp_path, event(once("1"))))

    assert [str(account) for account in known().accounts] == [f"hall@{SERVER}"]


def test_what_is_rejected_is_told_and_kept(confcal: Confcal, tmp_path: Path) -> None:
    broken = once("7") | {"schedule": {"start_time": "soon"}}
    file = tmp_path / "events.jsonl"
    file.write_text(json.dumps(event(once("1"), broken)) + '\n{"event":"conf\n', encoding="utf-8")

    done = confcal("replay", "--new", file, "--account", IVANOV)

    assert done.code == 1
    assert done.text == "lists accepted: 1, conferences edited: 1, removed: 0\n"
    first, second = done.err.splitlines()
    assert first.startswith("conference 7: schedule.start_time: expected Unix seconds")
    assert second.startswith("line 2: frame: no valid JSON at byte")
    kept = json.loads(confcal("rejected", "--json").out)
    assert {(each["conference_id"], each["field"]) for each in kept} == {
        ("7", "schedule.start_time"),
        ("", "frame"),
    }


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--at", "yesterday"], "--at: 'yesterday' is not a moment"),
        (["--at", "2026-11-23T10:00:00"], "--at: '2026-11-23T10:00:00' has no zone"),
        (["--account", "ivanov"], "'ivanov' is not an account"),
    ],
)
def test_options_that_mean_nothing(confcal: Confcal, tmp_path: Path, arguments: list[str], told: str) -> None:
    done = confcal("replay", "--new", written(tmp_path, event()), *arguments)

    assert done.code == 2
    assert done.err.startswith(f"confcal: {told}")


def test_a_file_that_is_not_there(confcal: Confcal, tmp_path: Path) -> None:
    done = confcal("replay", "--new", tmp_path / "missing")

    assert done.code == 2
    assert "missing cannot be read: No such file" in done.err


def test_a_file_without_events(confcal: Confcal, tmp_path: Path) -> None:
    assert "holds no events" in confcal("replay", "--new", written(tmp_path, [])).err


def test_a_change_of_user_keeps_the_first_ones_calendar(confcal: Confcal) -> None:
    done = confcal("replay", "--new", SAMPLES / "28_session_user_change_frames.json", "--at", AT)

    assert done.code == 0
    assert all(not account.absences for account in known().accounts.values())


@pytest.fixture
def pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFCAL_SOURCES__LOBBY__URL", "ws://10.0.0.5:8765")
    monkeypatch.setenv("CONFCAL_SOURCES__LOBBY__ACCOUNT", "Ivanov@Video.Example.com")


@pytest.mark.usefixtures("pinned")
def test_lists_that_name_nobody_are_the_pinned_user_s(confcal: Confcal, tmp_path: Path) -> None:
    assert confcal("replay", "--new", written(tmp_path, event(once("1"))), "--at", AT).code == 0

    (account,) = known().accounts
    assert str(account).lower() == IVANOV


@pytest.mark.usefixtures("pinned")
@pytest.mark.parametrize("naming", ["login", "option", "list"])
def test_a_replayed_list_of_another_than_the_pinned_user_is_refused(
    confcal: Confcal, tmp_path: Path, naming: str
) -> None:
    brown = "brown@video.example.com"
    login = {"event": "login", "result": 0, "peerId": brown}
    listed = event(once("1"), peerId=brown) if naming == "list" else event(once("1"))
    located = {"event": "serverConnected", "domain": "video.example.com"}
    frames = [*([login, located] if naming == "login" else []), listed, listed]
    steps = [{"delay_s": 60, "frame": frame} for frame in frames]
    options = ["--account", brown] if naming == "option" else []

    done = confcal("replay", "--new", written(tmp_path, steps), "--at", AT, *options)

    assert done.code == 1
    assert "peerId: the list is of brown@video.example.com, another user than ACCOUNT" in done.err
    assert done.text == "lists accepted: 0, conferences edited: 0, removed: 0\n"
    assert not known().accounts


def test_a_replayed_list_of_an_impossible_user_is_nobody_s(confcal: Confcal, tmp_path: Path) -> None:
    login = {"event": "login", "result": 0, "peerId": "u" * 256}
    steps = [{"delay_s": 60, "frame": frame} for frame in (login, event(once("1")), event(once("1")))]

    done = confcal("replay", "--new", written(tmp_path, steps), "--at", AT)

    assert done.code == 1
    assert "peerId: the user is longer than 255 characters" in done.err
    assert not known().accounts


@pytest.mark.parametrize("account", ["u" * 256 + "@video.example.com", "ivanov@" + "s" * 256])
def test_an_account_that_nobody_can_have_is_refused(confcal: Confcal, tmp_path: Path, account: str) -> None:
    done = confcal("replay", "--new", written(tmp_path, event()), "--account", account)

    assert done.code == 2
    assert "longer than 255 characters" in done.err
