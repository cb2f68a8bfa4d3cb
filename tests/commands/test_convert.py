import json
import re
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from tests.commands.conftest import Confcal
from tests.conftest import SAMPLES

GOOD = 0
SOME_REJECTED = 1
UNREADABLE = 2

EXPECTED = {
    "01_A_once_seed_verbatim": (GOOD, 1),
    "02_A_week_mon_thu": (GOOD, 1),
    "03_getScheduler_week_doc_verbatim": (GOOD, 1),
    "04_B_once_doc_verbatim": (GOOD, 1),
    "05_A_mixed_none_once_week_running": (GOOD, 3),
    "06_A_empty_list": (GOOD, 0),
    "07_missing_cnt_and_method": (GOOD, 1),
    "08_cnt_mismatch": (GOOD, 2),
    "09_optional_fields_absent": (GOOD, 2),
    "10_numbers_as_strings": (GOOD, 1),
    "11_iso8601_times": (GOOD, 2),
    "12_mode_spellings": (GOOD, 4),
    "13_unknown_schedule_type_and_fields": (SOME_REJECTED, 1),
    "14_week_day_boundary_local_days": (GOOD, 1),
    "15_week_day_boundary_utc_days": (GOOD, 1),
    "16_week_bad_days": (SOME_REJECTED, 3),
    "17_odd_times_and_durations": (SOME_REJECTED, 5),
    "18_schedule_missing_null_empty": (SOME_REJECTED, 0),
    "19_duplicate_and_reused_ids": (SOME_REJECTED, 2),
    "20_unicode_escaping_long_topic": (GOOD, 4),
    "21_identity_formats": (GOOD, 1),
    "22_B_week_type0": (GOOD, 1),
    "23_B_none_and_failed": (UNREADABLE, 0),
    "24_auth_ok": (UNREADABLE, 0),
    "25_auth_failed": (UNREADABLE, 0),
    "26_unauthorised_command_reply": (UNREADABLE, 0),
    "27_getScheduler_result_false": (UNREADABLE, 0),
    "28_session_user_change_frames": (UNREADABLE, 0),
    "29_malformed_truncated_frame": (UNREADABLE, 0),
    "30_discovery_config": (UNREADABLE, 0),
}
"""The exit status and the number of events of each sample."""

CASES = SAMPLES.parent / "cases"
SEED = SAMPLES / "01_A_once_seed_verbatim.json"
WEEKLY = SAMPLES / "02_A_week_mon_thu.json"
BAD_DAYS = SAMPLES / "16_week_bad_days.json"

COUNT_ONLY = re.compile(r".*\.json: cnt says \d+, the list has \d+")
CONFERENCE = re.compile(r"conference (\(no id\)|\S+): [a-z_.]+: .+")


def one_line(path: Path) -> bytes:
    return json.dumps(json.loads(path.read_bytes())).encode() + b"\n"


def events(calendar: bytes) -> list[Any]:
    return list(Calendar.from_ical(calendar).walk("VEVENT"))


def test_every_sample_is_in_the_table() -> None:
    assert {path.stem for path in SAMPLES.glob("*.json")} == EXPECTED.keys()


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_each_sample_ends_as_documented(confcal: Confcal, name: str) -> None:
    code, count = EXPECTED[name]

    done = confcal("convert", SAMPLES / f"{name}.json")

    assert done.code == code
    if code == UNREADABLE:
        assert done.out == b""
        assert re.match(rf".*{name}\.json: [a-z.]+: .+", done.err)
    else:
        assert len(events(done.out)) == count
        assert all(CONFERENCE.fullmatch(line) or COUNT_ONLY.fullmatch(line) for line in done.err.splitlines())
    assert bool(done.err) == (code != GOOD or name == "08_cnt_mismatch")


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_each_line_of_output_keeps_the_form_of_icalendar(confcal: Confcal, name: str) -> None:
    out = confcal("convert", "--timezone", "Europe/Moscow", SAMPLES / f"{name}.json").out

    assert out.count(b"\n") == out.count(b"\r") == out.count(b"\r\n")
    assert not out or out.endswith(b"\r\n")
    for line in out.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()


def test_the_text_of_the_assignment_converts(confcal: Confcal) -> None:
    (event,) = events(confcal("convert", SEED).out)

    given = json.loads(SEED.read_bytes())["conferences"][0]
    assert event["SUMMARY"] == given["topic"]
    assert event["DTSTART"].dt.timestamp() == given["schedule"]["start_time"]
    assert (event["DTEND"].dt - event["DTSTART"].dt).total_seconds() == given["schedule"]["duration"]
    assert event["X-CONFCAL-ID"] == given["id"]


def test_reasons_name_the_conference_and_the_field(confcal: Confcal) -> None:
    done = confcal("convert", BAD_DAYS)

    assert done.err.splitlines()[0] == "conference d1: schedule.days: missing"


def test_standard_input_is_read_where_no_file_is_named(confcal: Confcal) -> None:
    from_file = confcal("convert", SEED).out

    assert confcal("convert", stdin=SEED.read_bytes()).out == from_file
    assert confcal("convert", "-", stdin=SEED.read_bytes()).out == from_file


def test_json_lines_are_lists_one_by_one_and_a_bad_one_does_not_stop_the_rest(confcal: Confcal) -> None:
    lines = one_line(SEED) + b'{"method": "event", "conf\n' + b"\n" + one_line(WEEKLY)

    done = confcal("convert", stdin=lines)

    assert done.code == SOME_REJECTED
    assert len(events(done.out)) == 2
    assert re.fullmatch(r"-, line 2: frame: .+\n", done.err)


def test_several_files_make_one_calendar_in_which_each_conference_stands_once(confcal: Confcal) -> None:
    done = confcal("convert", SEED, WEEKLY, SEED)

    assert done.code == GOOD
    assert len(events(done.out)) == 2


def test_of_several_files_the_unreadable_is_told_and_the_rest_written(confcal: Confcal) -> None:
    done = confcal("convert", SEED, SAMPLES / "29_malformed_truncated_frame.json")

    assert done.code == SOME_REJECTED
    assert len(events(done.out)) == 1
    assert "29_malformed_truncated_frame.json: frame: " in done.err


def test_the_order_of_the_files_does_not_matter_where_they_tell_different_things(confcal: Confcal) -> None:
    assert confcal("convert", SEED, WEEKLY).out == confcal("convert", WEEKLY, SEED).out


def test_the_same_input_gives_the_same_bytes(confcal: Confcal) -> None:
    everything = sorted(SAMPLES.glob("*.json"))

    assert confcal("convert", *everything).out == confcal("convert", *everything).out


def test_the_output_goes_to_a_file(confcal: Confcal, tmp_path: Path) -> None:
    expected = confcal("convert", SEED).out

    done = confcal("convert", "--output", tmp_path / "conferences.ics", SEED)

    assert (done.code, done.out) == (GOOD, b"")
    assert (tmp_path / "conferences.ics").read_bytes() == expected


def test_an_output_that_cannot_be_written_is_one_sentence(confcal: Confcal, tmp_path: Path) -> None:
    done = confcal("convert", "-o", tmp_path / "missing" / "x.ics", SEED)

    assert done.code == 1
    assert done.err == f"confcal: {tmp_path}/missing/x.ics cannot be written: No such file or directory\n"


def test_an_input_that_cannot_be_read_is_one_sentence(confcal: Confcal, tmp_path: Path) -> None:
    done = confcal("convert", tmp_path / "missing.json")

    assert done.code == UNREADABLE
    assert done.err == f"confcal: {tmp_path}/missing.json cannot be read: No such file or directory\n"


@pytest.mark.parametrize("content", [b"", b"\n\n", b"null", b"[]", b"\xff\xfe\x00", b"{}", b"[" * 100_000])
def test_what_is_no_list_at_all_is_told(confcal: Confcal, content: bytes) -> None:
    done = confcal("convert", stdin=content)

    assert done.code == UNREADABLE
    assert done.err.startswith("-: ")
    assert len(done.err.splitlines()) == 1


def test_busy_tells_nothing_but_the_times(confcal: Confcal) -> None:
    full = events(confcal("convert", SEED).out)[0]
    done = confcal("convert", "--redact", "busy", SEED)

    (event,) = events(done.out)
    assert event["SUMMARY"] == "Busy"
    assert event["DTSTART"].dt == full["DTSTART"].dt
    assert not event.keys() & {"DESCRIPTION", "LOCATION", "URL", "CONFERENCE", "CATEGORIES", "X-CONFCAL-ID"}
    for secret in json.loads(SEED.read_bytes())["conferences"][0]["topic"].split():
        assert secret.encode() not in done.out


def test_the_uids_of_busy_times_follow_from_the_secret_and_so_lead_to_no_conference(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def uid(*options: str) -> str:
        (event,) = events(confcal("convert", *options, SEED).out)
        return str(event["UID"])

    monkeypatch.setenv("CONFCAL_SECRET", "one secret of the tests")
    full, one, again = uid(), uid("--redact", "busy"), uid("--redact", "busy")
    monkeypatch.setenv("CONFCAL_SECRET", "another secret of the tests")
    other = uid("--redact", "busy")

    assert one == again
    assert len({full, one, other}) == 3


def test_lines_from_powershell_are_read_like_any_others(confcal: Confcal) -> None:
    line = json.dumps(json.loads(SEED.read_bytes()))
    plain = confcal("convert", stdin=f"{line}\n{line}\n".encode())

    for encoding in ("utf-8-sig", "utf-16"):
        done = confcal("convert", stdin=f"{line}\r\n{line}\r\n".encode(encoding))
        assert (done.code, done.out) == (0, plain.out)


def test_the_zone_of_weekly_conferences_is_an_option(confcal: Confcal) -> None:
    local = confcal("convert", "--timezone", "Europe/Moscow", WEEKLY).out
    in_utc = confcal("convert", WEEKLY).out

    assert b"DTSTART;TZID=Europe/Moscow:" in local
    assert b"TZID:Europe/Moscow\r\n" in local
    assert b"TZID" not in in_utc
    (here,), (there,) = events(local), events(in_utc)
    assert here["DTSTART"].dt == there["DTSTART"].dt


def test_an_option_goes_before_the_environment(confcal: Confcal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFCAL_TIMEZONE", "Asia/Tokyo")

    assert b"TZID=Asia/Tokyo" in confcal("convert", WEEKLY).out
    assert b"TZID=Europe/Moscow" in confcal("convert", "--timezone", "Europe/Moscow", WEEKLY).out


def test_a_zone_that_does_not_exist_is_one_sentence(confcal: Confcal) -> None:
    done = confcal("convert", "--timezone", "Mars", WEEKLY)

    assert done.code == UNREADABLE
    assert done.err.startswith("confcal: CONFCAL_TIMEZONE: it is not an IANA time zone")


def test_the_texts_are_russian_on_demand(confcal: Confcal) -> None:
    (event,) = events(confcal("convert", "--language", "ru", SEED).out)

    assert "Владелец: " in event["DESCRIPTION"]
    assert "Owner" not in event["DESCRIPTION"]


def test_the_calendar_is_named(confcal: Confcal) -> None:
    lines = confcal("convert", "--calendar-name", "Планы; штаб", SEED).text.splitlines()

    assert r"NAME:Планы\; штаб" in lines
    assert r"X-WR-CALNAME:Планы\; штаб" in lines


def test_the_server_of_join_links_is_an_option(confcal: Confcal) -> None:
    (event,) = events(confcal("convert", "--server", "Video.Example.com", SEED).out)

    assert event["URL"].startswith("https://video.example.com/c/")


def test_hostile_topics_stay_inside_their_property(confcal: Confcal) -> None:
    sample = SAMPLES / "20_unicode_escaping_long_topic.json"

    found = events(confcal("convert", sample).out)

    topics = {c["id"]: c["topic"] for c in json.loads(sample.read_bytes())["conferences"]}
    for event in found:
        assert set(event.keys()) <= {
            "SUMMARY", "DTSTART", "DTEND", "DTSTAMP", "UID", "SEQUENCE", "RRULE", "CATEGORIES", "CONFERENCE",
            "CREATED", "DESCRIPTION", "LAST-MODIFIED", "LOCATION", "STATUS", "TRANSP", "URL", "X-CONFCAL-ID",
        }  # fmt: skip
        words = re.findall(r"\w+", topics[str(event["X-CONFCAL-ID"])])
        assert re.findall(r"\w+", event["SUMMARY"]) == words or not words


def test_eight_days_are_eight_days(confcal: Confcal) -> None:
    done = confcal("convert", CASES / "05-eight-days.json")

    assert done.code == 1
    assert done.err.splitlines() == [
        "conference week8: schedule.duration: longer than seven days (691200 seconds)",
        "conference once8: schedule.duration: longer than seven days (691200 seconds)",
    ]


def test_a_server_that_no_server_can_be_called_is_refused(confcal: Confcal) -> None:
    done = confcal("convert", "--server", "s" * 256, CASES / "05-eight-days.json")

    assert (done.code, "--server: the server is longer than 255 characters" in done.err) == (2, True)


def test_a_zone_that_a_new_law_moved_is_handed_over_as_an_instant(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Readers whose zone data is of 2025 would have Mondays of winter in Vancouver an hour late.
    monkeypatch.setenv("CONFCAL_TIMEZONE", "America/Vancouver")

    done = confcal("convert", CASES / "01-zone-law-2026.json", "--server", "video.example.com")

    assert done.code == GOOD
    assert "DTSTART:20261207T180000Z" in done.text.splitlines()
    assert "RRULE:FREQ=WEEKLY;BYDAY=MO" in done.text.splitlines()
    assert "TZID=" not in done.text


@pytest.mark.parametrize("levels", [33, 200_000])
def test_what_is_nested_too_deeply_is_told(confcal: Confcal, levels: int) -> None:
    deep = b'{"event":"conferenceList","conferences":' + b"[" * levels + b"]" * levels + b"}"

    done = confcal("convert", "-", stdin=deep)

    assert done.code == UNREADABLE
    assert "nested more than 32 levels deep" in done.err


def test_a_list_of_too_many_conferences_is_told_and_lines_beside_it_are_read(confcal: Confcal) -> None:
    many = b'{"event":"conferenceList","conferences":[' + b"0," * 20_000 + b"0]}"
    good = json.dumps(json.loads(SEED.read_bytes())).encode()

    done = confcal("convert", "-", stdin=many + b"\n" + good + b"\n")

    assert done.code == SOME_REJECTED
    assert "conferences: more than 20,000 conferences" in done.err
    assert done.out.count(b"BEGIN:VEVENT") == 1
