import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.app.offline import (
    ReplayReport,
    account_of,
    replay_recording,
    retry_rejected,
    with_synchronizer,
)
from service.app.opening import create_database, with_store
from service.core.conference import Account
from service.core.errors import ConfcalError, SettingsError
from service.core.rejected import RejectedInput
from service.settings.load import load_settings
from service.settings.model import Settings
from service.sources.recorder import line_of
from service.sources.replay import read_recording
from tests.core.given import NOW, ROOM, conference, listed

FRAME = b'{"event":"conferenceList","cnt":1,"conferences":[{"id":"1","topic":"A","schedule_type":"none"}]}'


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = load_settings({"CONFCAL_DATA_DIR": str(tmp_path / "data")})
    asyncio.run(create_database(settings))
    return settings


def test_an_account_is_a_user_at_a_server() -> None:
    assert account_of("Ivanov@Video.Example.COM") == Account("Ivanov", "video.example.com")


@pytest.mark.parametrize("name", ["", "ivanov", "@video.example.com", "ivanov@"])
def test_anything_else_is_no_account(name: str) -> None:
    with pytest.raises(SettingsError, match="is not an account"):
        account_of(name)


async def test_a_command_sees_what_the_daemon_recorded_and_renders_nothing(settings: Settings) -> None:
    async with with_synchronizer(settings) as daemon:
        await daemon.start(rendering="the daemon's", now=NOW)
        await daemon.accept(listed(conference()))

    async with with_synchronizer(settings) as command:
        assert command.state.account(ROOM).reported == {"100": conference()}
    async with with_store(settings) as store:
        assert await store.rendering() == "the daemon's"


async def test_a_daemon_notices_what_a_command_did(settings: Settings) -> None:
    async with with_synchronizer(settings) as daemon:
        await daemon.accept(listed(conference("1"), conference("2")))
        await daemon.accept(listed(at=NOW))
        async with with_synchronizer(settings) as command:
            assert await command.approve(ROOM, now=NOW) == 2

        await daemon.refresh()

        assert not daemon.state.account(ROOM).reported
        assert not daemon.state.account(ROOM).held


async def test_input_that_is_tried_again_proves_nothing_about_the_rest(settings: Settings) -> None:
    async with with_synchronizer(settings) as daemon:
        await daemon.accept(listed(conference("8"), conference("9")))
    each = RejectedInput("lobby", str(ROOM), "", "frame", "x", FRAME, NOW, NOW, number=1)
    for _ in range(5):
        await retry_rejected(settings, each)

    async with with_synchronizer(settings) as daemon:
        known = daemon.state.account(ROOM)
        assert set(known.reported) == {"1", "8", "9"}
        assert not known.absences


async def test_input_whose_account_is_not_known_is_not_guessed(settings: Settings) -> None:
    each = RejectedInput("lobby", "", "", "frame", "x", FRAME, NOW, NOW, number=1)

    with pytest.raises(ConfcalError, match="it is not known whose list number 1 was"):
        await retry_rejected(settings, each)


async def test_a_replay_counts_what_it_did(settings: Settings) -> None:
    told: list[int] = []

    async def played_of(data: bytes, account: str | None) -> ReplayReport:
        frames = read_recording(data, source="lobby", at=datetime(2026, 11, 23, 10, tzinfo=UTC))
        return await replay_recording(settings, frames, account=account, progress=told.append)

    played = await played_of(FRAME, str(ROOM))
    again = await played_of(b'{"result":false}', None)

    assert told == [1, 1]
    assert (played.lists, played.edited, played.removed, played.trouble) == (1, 1, 0, [])
    assert again.lists == 0
    (trouble,) = again.trouble
    assert trouble.startswith("the file: ")


async def test_each_recorded_source_keeps_its_lists_to_itself(tmp_path: Path) -> None:
    settings = load_settings(
        {
            "CONFCAL_DATA_DIR": str(tmp_path / "data"),
            **{
                f"CONFCAL_SOURCES__{name}__{key}": value
                for name in ("HALL", "LOBBY")
                for key, value in (("SERVER", "video.example.com"), ("INGEST_TOKEN", "0123456789abcdef"))
            },
        }
    )
    await create_database(settings)
    data = "\n".join(line_of(source, FRAME, NOW) for source in ("hall", "lobby")).encode()
    frames = read_recording(data, source="room", at=NOW)

    done = await replay_recording(settings, frames, account=None, progress=lambda _number: None)

    async with with_synchronizer(settings) as command:
        accounts = {str(account) for account in command.state.accounts}
    assert (done.lists, accounts) == (2, {"hall@video.example.com", "lobby@video.example.com"})


async def test_a_recording_that_does_not_tell_whose_its_list_is_says_so(settings: Settings) -> None:
    login = b'{"method":"getLogin","isLoggedIn":true,"peerId":"ivanov","result":true}'
    data = "\n".join(line_of("lobby", frame, NOW) for frame in (login, FRAME)).encode()
    frames = read_recording(data, source="room", at=NOW)

    done = await replay_recording(settings, frames, account=None, progress=lambda _number: None)

    assert done.lists == 0
    assert (
        "line 2: the recording of lobby ends before it names the account of its last list" in done.trouble[0]
    )
