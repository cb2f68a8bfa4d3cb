import base64
import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.core.errors import SettingsError
from service.sources.recorder import Recorder, line_of
from tests.core.given import NOW
from tests.tools import missing


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


@pytest.mark.slow
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


def test_a_full_disk_is_told_once_and_does_not_end_the_daemon(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        missing("there is no /dev/full: a full disk was NOT recorded to")
    (tmp_path / "confcal.jsonl").symlink_to("/dev/full")
    recorder = Recorder(tmp_path)

    with capture_logs() as logs:
        for _ in range(3):
            recorder.frame("lobby", b"{}", NOW)
        recorder.close()

    assert [each["event"] for each in logs] == ["recorder.frames_not_recorded"]


def test_only_the_owner_may_read_a_recording(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "recording")
    for _ in range(9):
        recorder.frame("lobby", b'"' + b"x" * 4 * 2**20 + b'"', NOW)
    recorder.close()

    made = [tmp_path / "recording", *(tmp_path / "recording").iterdir()]
    assert [oct(each.stat().st_mode & 0o777) for each in made] == ["0o700", "0o600", "0o600", "0o600"]
