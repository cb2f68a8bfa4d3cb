from datetime import UTC, datetime

import pytest

from service.caldav.protocol import Response
from service.caldav.responses import Refusal, is_accepted, parse_refusal, retry_after
from service.core.errors import CollectionMoved, Fatal, Retryable

NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)
SECRET_TOPIC = "Layoffs in spring"


def response(status: int, body: str = "", **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, "https://dav.example.org/cal/1.ics", NOON, named, body.encode())


def error(element: str, inner: str = "") -> str:
    prefix = "D" if element == "need-privileges" else "C"
    return (
        '<?xml version="1.0"?><D:error xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
        f"<{prefix}:{element}>{inner}</{prefix}:{element}></D:error>"
    )


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        # Radicale, Cyrus, Xandikos, Cyrus again: one meaning, four spellings.
        (409, error("no-uid-conflict"), Refusal.UID),
        (403, error("no-uid-conflict"), Refusal.UID),
        (412, error("no-uid-conflict"), Refusal.UID),
        (403, error("unique-scheduling-object-resource"), Refusal.UID),
        # Nextcloud, sabre.
        (
            400,
            "<s:message>Deleted calendar object with uid already exists in this calendar</s:message>",
            Refusal.UID,
        ),
        (412, "", Refusal.CONDITION),
        (412, error("valid-calendar-data"), Refusal.DATA),
        (403, error("valid-calendar-data"), Refusal.DATA),
        (403, error("supported-calendar-component"), Refusal.DATA),
        (403, error("max-resource-size"), Refusal.SIZE),
        (413, "", Refusal.SIZE),
        (415, "", Refusal.DATA),
        (400, "not xml <", Refusal.DATA),
        (403, error("need-privileges"), Refusal.PERMISSION),
        (403, "", Refusal.PERMISSION),
        (404, "", Refusal.MISSING),
        (409, "", Refusal.MISSING),
        (500, "", Refusal.FAILURE),
        (501, "", Refusal.FAILURE),
    ],
)
def test_a_refusal_is_told_by_its_body_first_and_then_by_its_status(
    status: int, body: str, kind: Refusal
) -> None:
    assert parse_refusal(response(status, body)).kind is kind


def test_cyrus_names_the_resource_that_has_the_uid() -> None:
    body = error("unique-scheduling-object-resource", "<D:href>/dav/other/2.ics</D:href>")

    assert parse_refusal(response(403, body)).url == "https://dav.example.org/dav/other/2.ics"


@pytest.mark.parametrize(
    ("status", "body", "crowded"),
    [
        (423, "", True),
        (429, "", True),
        (503, "", True),
        (403, '{"error":{"errors":[{"domain":"usageLimits","reason":"quotaExceeded"}]}}', True),
        (502, "", False),
        (504, "", False),
        (507, "", False),
    ],
)
def test_a_busy_server_is_no_refusal(status: int, body: str, *, crowded: bool) -> None:
    with pytest.raises(Retryable) as told:
        parse_refusal(response(status, body))

    assert told.value.crowded is crowded


def test_an_overloaded_sogo_is_given_time() -> None:
    with pytest.raises(Retryable):
        parse_refusal(response(501), {"overload-501"})


def test_a_wrong_password_concerns_the_whole_target() -> None:
    with pytest.raises(Fatal, match="user name or the password"):
        parse_refusal(response(401))


def test_a_moved_collection_is_not_followed_with_a_write() -> None:
    with pytest.raises(CollectionMoved):
        parse_refusal(response(301, location="https://elsewhere.example.net/"))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("Mon, 05 Oct 2026 12:00:30 GMT", 30.0),
        ("Mon, 05 Oct 2026 11:00:00 GMT", 0.0),
        ("86400", 3600.0),
        ("99999999999999999999", 3600.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_both_forms_of_retry_after_are_understood(header: str, seconds: float | None) -> None:
    assert retry_after(response(503, retry_after=header)) == seconds


def test_a_date_is_read_by_the_clock_of_the_server() -> None:
    answer = response(503, retry_after="Mon, 05 Oct 2026 09:00:30 GMT", date="Mon, 05 Oct 2026 09:00:00 GMT")

    assert retry_after(answer) == 30.0


@pytest.mark.parametrize(
    ("inner", "done"),
    [
        (
            "<D:response><D:href>/cal/1.ics</D:href><D:status>HTTP/1.1 201 Created</D:status></D:response>",
            True,
        ),
        ("<D:response><D:href>/cal/1.ics</D:href><D:status>HTTP/1.1 412 No</D:status></D:response>", False),
        ("", True),
    ],
)
def test_a_207_on_put_counts_by_what_is_in_it(inner: str, *, done: bool) -> None:
    body = f'<D:multistatus xmlns:D="DAV:">{inner}</D:multistatus>'

    assert is_accepted(response(207, body)) is done


@pytest.mark.parametrize("status", [400, 401, 403, 409, 412, 415, 423, 429, 500, 503, 507])
def test_no_error_repeats_what_the_server_said(status: int) -> None:
    answer = response(status, f"<x>{SECRET_TOPIC}</x>")

    try:
        text = parse_refusal(answer).text
    except (Retryable, Fatal) as told:
        text = str(told)

    assert SECRET_TOPIC not in text
