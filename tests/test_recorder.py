import base64
import json
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.core.errors import SettingsError
from service.recorder import Recorder, line_of, without_secrets
from tests.core.given import NOW


@pytest.mark.parametrize(
    "frame",
    [
        '{"method":"auth","token":"hush","tokenForHttpServer":"hush","result":true}',
        '{"credentials":"hush"}',
        '{"pin" : "hush"}',
        '{"newPin":"hush","pinCode":"hush","conference_pin":"hush"}',
        '{"access_token":"hush","PASSWORD":"hush","client-secret":"hush"}',
        '{"token":"a \\"quoted\\" hush"}',
        '{"token":["hush"],"x":1}',
        '{"credentials":{"user":"u","word":"hush"},"x":1}',
        '{"token":"hush',
        '{"token":"hush\\',
        '{"token":hush}',
        '{"token":\n"hush"}',
        '{"token":"line\nhush"}',
    ],
)
def test_no_secret_is_recorded_whatever_the_frame_looks_like(frame: str) -> None:
    assert b"hush" not in without_secrets(frame.encode())


def test_a_number_as_pin_is_a_secret_too() -> None:
    assert without_secrets(b'{"pin":123456,"id":"7"}') == b'{"pin":"***","id":"7"}'


@pytest.mark.parametrize(
    "frame",
    [
        '{"topic":"token","id":"7"}',
        '{"topic":"say \\"pin\\": \\"1234\\""}',
        '{"mapping":{"shipping":"on"},"topic":"Pin: 1"}',
    ],
)
def test_everything_else_is_recorded_as_it_is(frame: str) -> None:
    assert without_secrets(frame.encode()) == frame.encode()


def test_what_is_left_of_a_frame_is_json_still() -> None:
    frame = b'{"token":"x","credentials":{"a":"b"},"pin":[1,2],"result":true}'

    clean = json.loads(without_secrets(frame))

    assert clean == {"token": "***", "credentials": "***", "pin": "***", "result": True}


def test_a_hostile_frame_does_not_hold_the_daemon_up() -> None:
    started = time.process_time()
    without_secrets(b'"' + b"token" * 200_000)
    without_secrets(b'"' * 500_000 + b'"pin":"' + b"\\" * 500_000)

    assert time.process_time() - started < 5


def test_a_line_tells_when_what_arrived_where() -> None:
    line = json.loads(line_of("lobby", '{"topic":"Планёрка"}'.encode(), NOW))

    assert line == {"at": NOW.isoformat(), "source": "lobby", "frame": '{"topic":"Планёрка"}'}


def test_octets_that_are_no_text_are_recorded_too() -> None:
    line = json.loads(line_of("lobby", b"\xff\x00", NOW))

    assert base64.b64decode(line["frame_base64"]) == b"\xff\x00"


def test_frames_are_lines_of_one_file(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "new" / "folder")
    recorder.frame("lobby", b'{"text":"100% {}"}', NOW)
    recorder.frame("hall", b"{\n}", NOW)
    recorder.close()

    lines = (tmp_path / "new/folder/confcal.jsonl").read_text().splitlines()
    assert [json.loads(line)["frame"] for line in lines] == ['{"text":"100% {}"}', "{\n}"]


def test_a_long_recording_is_several_files_of_which_the_oldest_go(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    megabytes = b'"' + b"x" * 4 * 2**20 + b'"'
    for _ in range(45):
        recorder.frame("lobby", megabytes, NOW)
    recorder.close()

    files = sorted(tmp_path.iterdir())
    assert len(files) == 10
    assert sum(file.stat().st_size for file in files) <= 10 * 16 * 2**20


def test_a_folder_that_cannot_be_is_one_sentence() -> None:
    with pytest.raises(SettingsError, match="--record: /dev/null/x cannot be written to"):
        Recorder(Path("/dev/null/x"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full to record to")
def test_a_full_disk_is_told_once_and_does_not_end_the_daemon(tmp_path: Path) -> None:
    (tmp_path / "confcal.jsonl").symlink_to("/dev/full")
    recorder = Recorder(tmp_path)

    with capture_logs() as logs:
        for _ in range(3):
            recorder.frame("lobby", b"{}", NOW)
        recorder.close()

    assert [each["event"] for each in logs] == ["recorder.frames_not_recorded"]
