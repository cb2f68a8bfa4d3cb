import pytest

from service.caldav.multistatus import CALDAV, DAV, parse_multistatus
from service.caldav.xml import MOST_OCTETS, Malformed

BASE = "https://dav.example.org/cal/alice/team/"


def body(inner: str, root: str = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"') -> bytes:
    return f'<?xml version="1.0"?><D:multistatus {root}>{inner}</D:multistatus>'.encode()


def response(href: str, properties: str = '<D:getetag>"1"</D:getetag>', status: str = "200 OK") -> str:
    return (
        f"<D:response><D:href>{href}</D:href><D:propstat><D:prop>{properties}</D:prop>"
        f"<D:status>HTTP/1.1 {status}</D:status></D:propstat></D:response>"
    )


@pytest.mark.parametrize(
    "href",
    [
        "/cal/alice/team/a@b.ics",
        "/cal/alice/team/a%40b.ics",
        "https://dav.example.org/cal/alice/team/a%40b.ics",
        "a%40b.ics",
        "\n  /cal/alice/team/a%40b.ics\n",
        "<![CDATA[/cal/alice/team/a%40b.ics]]>",
    ],
)
def test_hrefs_are_compared_decoded_whatever_their_form(href: str) -> None:
    answers = parse_multistatus(body(response(href)), BASE).answers

    assert [answer.href for answer in answers] == ["/cal/alice/team/a@b.ics"]
    assert answers[0].text(f"{DAV}getetag") == '"1"'


@pytest.mark.parametrize("etag", ['<![CDATA["1"]]>', "&quot;1&quot;", ' "1" '])
def test_an_etag_is_read_out_of_cdata_and_entities(etag: str) -> None:
    answers = parse_multistatus(body(response("a.ics", f"<D:getetag>{etag}</D:getetag>")), BASE).answers

    assert answers[0].text(f"{DAV}getetag") == '"1"'


def test_namespaces_may_have_any_prefix_or_none() -> None:
    text = (
        b'<multistatus xmlns="DAV:"><x:response xmlns:x="DAV:"><x:href>/a.ics</x:href><propstat><prop>'
        b'<q:calendar-data xmlns:q="urn:ietf:params:xml:ns:caldav">BEGIN:VCALENDAR</q:calendar-data>'
        b"</prop><status>HTTP/1.1 200 OK</status></propstat></x:response></multistatus>"
    )

    assert parse_multistatus(text, BASE).answers[0].text(f"{CALDAV}calendar-data") == "BEGIN:VCALENDAR"


def test_the_collection_itself_is_no_resource_even_with_an_etag() -> None:
    listed = parse_multistatus(body(response("/cal/alice/team") + response("a.ics")), BASE)

    assert [answer.href for answer in listed.others(BASE)] == ["/cal/alice/team/a.ics"]
    about = listed.about(BASE)
    assert about is not None
    assert about.text(f"{DAV}getetag") == '"1"'


def test_a_resource_that_is_listed_twice_counts_once_and_is_there() -> None:
    missing = "<D:response><D:href>a.ics</D:href><D:status>HTTP/1.1 404 Not Found</D:status></D:response>"

    listed = parse_multistatus(body(missing + response("a.ics") + response("/cal/alice/team/a.ics")), BASE)

    assert [(answer.href, answer.exists) for answer in listed.answers] == [("/cal/alice/team/a.ics", True)]


def test_a_resource_whose_properties_are_all_404_is_missing() -> None:
    answers = parse_multistatus(body(response("a.ics", "<D:getetag/>", "404 Not Found")), BASE).answers

    assert (answers[0].status, answers[0].exists) == (404, False)


def test_a_property_that_is_not_found_is_not_there() -> None:
    two = (
        '<D:response><D:href>a.ics</D:href><D:propstat><D:prop><D:getetag>"1"</D:getetag></D:prop>'
        "<D:status>HTTP/1.1 200 OK</D:status></D:propstat><D:propstat><D:prop><C:calendar-data/></D:prop>"
        "<D:status>HTTP/1.1 404 Not Found</D:status></D:propstat></D:response>"
    )

    answer = parse_multistatus(body(two), BASE).answers[0]

    assert answer.exists
    assert set(answer.properties) == {f"{DAV}getetag"}


def test_one_response_may_name_several_hrefs() -> None:
    hrefs = "<D:href>a.ics</D:href><D:href>b.ics</D:href>"
    several = f"<D:response>{hrefs}<D:status>HTTP/1.1 404 Gone</D:status></D:response>"

    assert [answer.status for answer in parse_multistatus(body(several), BASE).answers] == [404, 404]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("declaration", ["<!DOCTYPE x>", '<!doctype x [<!ENTITY e "x">]>', '<!ENTITY e "x">'])
def test_a_doctype_is_refused_in_any_encoding(declaration: str, encoding: str) -> None:
    text = f'{declaration}<D:multistatus xmlns:D="DAV:"/>'.encode(encoding)

    with pytest.raises(Malformed, match="DOCTYPE"):
        parse_multistatus(text, BASE)


def test_too_much_is_refused() -> None:
    with pytest.raises(Malformed, match="more than 64 MB"):
        parse_multistatus(b" " * (MOST_OCTETS + 1), BASE)


@pytest.mark.parametrize(
    "text", [b"", b"<html><body>Login</body></html>", b"<D:multistatus", b"\x00\x07", b"<a>&e;</a>"]
)
def test_what_is_no_multistatus_is_refused(text: bytes) -> None:
    with pytest.raises(Malformed):
        parse_multistatus(text, BASE)


@pytest.mark.parametrize("status", ["HTTP/1.1 200 OK", "HTTP/2 200", "200 OK", "HTTP/1.1  200  Fine"])
def test_status_lines_come_in_several_forms(status: str) -> None:
    text = f"<D:response><D:href>a.ics</D:href><D:status>{status}</D:status></D:response>"

    assert parse_multistatus(body(text), BASE).answers[0].status == 200


def test_the_sync_token_is_read() -> None:
    assert parse_multistatus(body("<D:sync-token> urn:7 </D:sync-token>"), BASE).token == "urn:7"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b"Team &#55357;&#56832;", "Team \U0001f600"),
        (b"Team &#xD83D;&#xde00;", "Team \U0001f600"),
        (b"Team &#55357;", "Team \ufffd"),
        (b"Team \x07 &#7; &#x0; &#99999999;", "Team \ufffd \ufffd \ufffd \ufffd"),
        (b"B\xfcro &#252; &lt;&#60;", "B\ufffdro \xfc <<"),
    ],
)
def test_what_no_xml_may_hold_hides_nothing_else(written: bytes, read: str) -> None:
    text = body(response("a.ics", "<D:displayname>@</D:displayname>")).replace(b"@", written)

    assert parse_multistatus(text, BASE).answers[0].text(f"{DAV}displayname") == read


def test_no_doctype_comes_into_being_by_mending() -> None:
    text = b'<!DOC\x07TYPE x [<!ENT\x07ITY e "x">]><D:multistatus xmlns:D="DAV:"/>'

    with pytest.raises(Malformed):
        parse_multistatus(text, BASE)


def test_an_answer_about_no_address_hides_no_other() -> None:
    listed = parse_multistatus(body(response("http://[") + response("a.ics")), BASE)

    assert [answer.href for answer in listed.answers] == ["/cal/alice/team/a.ics"]
