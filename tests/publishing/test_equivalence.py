import pytest

from service.publishing.equivalence import content_hash, parse_resource

LINES = (
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//confcal//confcal//EN",
    "BEGIN:VEVENT",
    "UID:u1",
    "DTSTAMP:20261001T080000Z",
    "SEQUENCE:3",
    "DTSTART;TZID=Europe/Moscow:20261005T110000",
    "DTEND;TZID=Europe/Moscow:20261005T120000",
    "RRULE:FREQ=WEEKLY;BYDAY=MO,TH",
    "SUMMARY:Plan\\, review\\; \\\\ and more",
    "DESCRIPTION:Line one\\nline two",
    "CATEGORIES:a,b",
    "STATUS:CONFIRMED",
    "TRANSP:OPAQUE",
    "X-CONFCAL-ID:1",
    "CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO:https://x/c/1",
    "END:VEVENT",
    "END:VCALENDAR",
)


def body(*lines: str, end: str = "\r\n") -> bytes:
    return (end.join(lines) + end).encode()


def replaced(before: str, *after: str) -> bytes:
    lines = [line for each in LINES for line in (after if each.startswith(before) else (each,))]
    return body(*lines)


ORIGINAL = body(*LINES)


@pytest.mark.parametrize(
    "rewritten",
    [
        pytest.param(body(*LINES[:4], *sorted(LINES[4:17]), *LINES[17:]), id="reordered"),
        pytest.param(body(*LINES, end="\n"), id="bare line feeds"),
        pytest.param(replaced("SUMMARY", "SUMMARY:Plan\\, rev", " iew\\; \\\\ and more"), id="refolded"),
        pytest.param(
            replaced("DTSTAMP", "DTSTAMP:20300101T000000Z", "CREATED:20300101T000000Z"), id="stamped"
        ),
        pytest.param(replaced("SEQUENCE"), id="without SEQUENCE"),
        pytest.param(replaced("X-CONFCAL", "X-OTHER:1", "CLASS:PUBLIC", "PRIORITY:0"), id="defaults and X-"),
        pytest.param(replaced("CONFERENCE"), id="stripped of what it does not know"),
        pytest.param(replaced("STATUS"), id="without a default"),
        pytest.param(replaced("CATEGORIES", "CATEGORIES:b", "CATEGORIES:a"), id="categories apart"),
        pytest.param(replaced("DTEND", "DURATION:PT1H"), id="DURATION"),
        pytest.param(replaced("DTSTART", "DTSTART:20261005T080000Z"), id="in UTC"),
        pytest.param(
            replaced("RRULE", "RRULE:BYDAY=MO,TH;FREQ=WEEKLY;INTERVAL=1;WKST=MO"), id="the rule's defaults"
        ),
        pytest.param(
            replaced("RRULE", "RRULE:FREQ=WEEKLY;INTERVAL=1;WKST=SU;BYDAY=TH,MO"), id="days in another order"
        ),
        pytest.param(
            replaced("DTEND", "DTEND;TZID=Europe/Moscow:20261005T120000", "DURATION:PT1H"),
            id="DTEND and DURATION",
        ),
        pytest.param(
            body(*LINES[:4], "DURATION:PT1H", *(line for line in LINES[4:] if not line.startswith("DTEND"))),
            id="DURATION before DTSTART",
        ),
        pytest.param(replaced("STATUS", "LOCATION:", "COMMENT: ", "CATEGORIES:"), id="empty texts"),
        pytest.param(replaced("TRANSP", "TRANSP:OPAQUE", "CATEGORIES:a"), id="said twice"),
        pytest.param(
            replaced("SUMMARY", "SUMMARY;LANGUAGE=en:Plan\\, review\\; \\\\ and more "), id="blanks"
        ),
        pytest.param(
            replaced("VERSION", "VERSION:2.0", "METHOD:PUBLISH", "X-WR-CALNAME:x"), id="the calendar's own"
        ),
        pytest.param(replaced("UID", "UID;X-OLD:u1"), id="a parameter without a value"),
        pytest.param(
            replaced("SUMMARY", "SUMMARY;:Plan\\, review\\; \\\\ and more"), id="an empty parameter"
        ),
        pytest.param(replaced("BEGIN:VEVENT", 'BEGIN;X="a""b":VEVENT'), id="quotes within quotes"),
        pytest.param(replaced("STATUS", 'STATUS;X="a:b";Y=\x01:CONFIRMED'), id="controls in a parameter"),
        pytest.param(
            replaced("DTSTART", 'DTSTART;VALUE;X=a"b"c;tzid="Europe/Moscow":20261005T110000'),
            id="a zone among odd parameters",
        ),
        pytest.param(replaced("STATUS", "STATUS:CONFIRMED", "", "no line at all", ":", ";"), id="no lines"),
    ],
)
def test_what_servers_do_changes_no_meaning(rewritten: bytes) -> None:
    assert content_hash(rewritten) == content_hash(ORIGINAL)


@pytest.mark.parametrize(
    "edited",
    [
        pytest.param(replaced("SUMMARY", "SUMMARY:Lunch"), id="title"),
        pytest.param(replaced("DTSTART", "DTSTART;TZID=Europe/Moscow:20261005T113000"), id="start"),
        pytest.param(replaced("DTEND", "DTEND;TZID=Europe/Moscow:20261005T130000"), id="end"),
        pytest.param(replaced("RRULE", "RRULE:FREQ=WEEKLY;BYDAY=MO"), id="rule"),
        pytest.param(replaced("RRULE"), id="no rule"),
        pytest.param(replaced("RRULE", "RRULE:FREQ=WEEKLY;BYDAY=MO,TH;INTERVAL=2"), id="every other week"),
        pytest.param(replaced("STATUS", "STATUS:CANCELLED"), id="cancelled"),
        pytest.param(replaced("TRANSP", "TRANSP:TRANSPARENT"), id="free"),
        pytest.param(replaced("DESCRIPTION", "DESCRIPTION:mine"), id="notes"),
        pytest.param(
            replaced("RRULE", "RRULE:FREQ=WEEKLY;BYDAY=MO,TH", "EXDATE:20261008T080000Z"), id="one skipped"
        ),
        pytest.param(replaced("TRANSP", "TRANSP:OPAQUE", "ATTENDEE:mailto:a@example.org"), id="a guest"),
        pytest.param(
            replaced(
                "TRANSP", "TRANSP:OPAQUE", "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT5M", "END:VALARM"
            ),
            id="a reminder",
        ),
        pytest.param(
            replaced(
                "END:VCALENDAR", "BEGIN:VEVENT", "UID:u1", "RECURRENCE-ID:20261008T080000Z", "END:VEVENT"
            ),
            id="one instance moved",
        ),
    ],
)
def test_what_people_do_changes_the_meaning(edited: bytes) -> None:
    assert content_hash(edited) != content_hash(ORIGINAL)


def test_the_first_day_of_the_week_counts_where_weeks_are_left_out() -> None:
    fortnightly = "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU"

    assert content_hash(replaced("RRULE", fortnightly)) != content_hash(
        replaced("RRULE", fortnightly + ";WKST=SU")
    )


def test_what_the_ledger_holds_is_told_alike_by_every_version() -> None:
    digest = "236f819dd187b951a10768727caed4cbaf598dbedd663660b99c862db04f7646"

    assert content_hash(ORIGINAL) == digest


@pytest.mark.parametrize("at", range(16))
def test_a_line_may_be_folded_within_a_character(at: int) -> None:
    title = "SUMMARY:Планёрка".encode()
    cut = len("SUMMARY:") + at
    whole = ORIGINAL.replace(b"SUMMARY:", title)

    assert content_hash(whole.replace(title, title[:cut] + b"\r\n " + title[cut:])) == content_hash(whole)


def test_a_guest_in_a_line_with_odd_parameters_is_an_edit() -> None:
    guest = 'ATTENDEE;CN="Ann "A" Lee";PARTSTAT:mailto:ann@example.org'

    assert content_hash(replaced("TRANSP", "TRANSP:OPAQUE", guest)) != content_hash(ORIGINAL)


def test_an_emptied_description_is_an_edit() -> None:
    assert content_hash(replaced("DESCRIPTION", "DESCRIPTION:")) != content_hash(ORIGINAL)


@pytest.mark.parametrize(
    "line",
    [
        "DURATION:P99999999999D",
        "DURATION:P9999999W",
        "DURATION:nonsense",
        "DTEND:00000000T000000Z",
        "DTEND;TZID=Europe/Moscow:00010101T000000",
    ],
)
def test_times_that_no_calendar_has_do_no_harm(line: str) -> None:
    assert content_hash(replaced("DTEND", line)) != content_hash(ORIGINAL)


@pytest.mark.parametrize(
    "text", [b"", b"\x00\xff", b"BEGIN:VCALENDAR", b"END:VEVENT\r\nEND:VEVENT", b"UID:x"]
)
def test_nonsense_has_no_uid_and_does_no_harm(text: bytes) -> None:
    assert parse_resource(text).uid == ""


def test_a_line_of_very_many_parameters_does_no_harm() -> None:
    assert parse_resource(body("BEGIN:VEVENT", "A" + ";x=1,," * 50_000, "UID:u1", "END:VEVENT")).uid == "u1"


def reminding(action: str, trigger: str) -> bytes:
    alarm = ("BEGIN:VALARM", f"ACTION:{action}", f"TRIGGER:{trigger}", "END:VALARM")
    return replaced("TRANSP", "TRANSP:OPAQUE", *alarm)


def test_a_changed_reminder_is_an_edit() -> None:
    before = content_hash(reminding("DISPLAY", "-PT15M"))

    assert content_hash(reminding("display", "-pt15m ")) == before
    assert content_hash(reminding("DISPLAY", "-PT5M")) != before
    assert content_hash(reminding("EMAIL", "-PT15M")) != before
    assert content_hash(ORIGINAL) != before


def test_a_body_of_more_lines_than_any_of_ours_is_told_by_its_bytes() -> None:
    long = ORIGINAL.replace(b"SUMMARY:", b"X-A:b\r\n" * 30_000 + b"SUMMARY:")

    assert parse_resource(long).uid == parse_resource(ORIGINAL).uid
    assert content_hash(long) != content_hash(ORIGINAL)
    assert content_hash(long) == content_hash(long[:])
