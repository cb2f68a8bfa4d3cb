"""
What a VEVENT says about a conference, and what it keeps to itself.
"""

from dataclasses import replace
from uuid import UUID

import pytest

from service.core.conference import Conference, Invitation, Key
from service.core.ical import fingerprint, render_vevent
from service.core.join_link import check_template, join_link
from service.core.schedule import Schedule, Weekday
from service.core.vevent import (
    Rendering,
    access_in_words,
    mode_in_words,
    summary_of,
    to_vevent,
    uid_of,
)
from tests.core.given import HOUR, MOSCOW, REVISION, SERVER, at, conference, once, room, weekly

KEY = Key(SERVER, "7412589630")
RICH = Conference(
    id="7412589630",
    topic="Planning",
    owner="brown@video.example.com",
    schedule=once("2026-11-02 09:00"),
    mode="S|L",
    access="private",
    created_at=at("2026-09-01 08:00"),
    invitations=(Invitation("petrov@video.example.com", "Pyotr Petrov"), Invitation("room5", "")),
)


def russian(text: str) -> str:
    return {"Busy": "Занято", "Conference {id}": "Конференция {id}", "Owner": "Владелец"}.get(text, text)


def test_a_single_conference_is_an_event_in_utc() -> None:
    content = to_vevent(KEY, RICH, Rendering(MOSCOW))

    assert content
    assert (content.start, content.end) == (at("2026-11-02 09:00"), at("2026-11-02 10:00"))
    assert (content.tzid, content.byday) == ("", ())


def test_a_weekly_conference_is_a_rule_in_the_zone_of_its_source() -> None:
    content = to_vevent(KEY, replace(RICH, schedule=weekly()), Rendering(MOSCOW))

    assert content
    assert (content.tzid, content.byday) == ("Europe/Moscow", (Weekday.MO,))
    assert content.end - content.start == HOUR


def test_a_virtual_room_has_no_event() -> None:
    assert to_vevent(KEY, room(), Rendering()) is None


def test_the_description_begins_with_the_link_and_tells_the_facts() -> None:
    content = to_vevent(KEY, RICH, Rendering())

    assert content
    assert content.description.splitlines() == [
        "https://video.example.com/c/7412589630",
        "Conference ID: 7412589630",
        "Owner: brown@video.example.com",
        "Mode: role-based",
        "Access: private",
    ]
    assert content.categories == ("role-based", "private")
    assert content.created_at == RICH.created_at


def test_people_are_told_by_their_names_where_the_operator_wants_it() -> None:
    content = to_vevent(KEY, RICH, Rendering(people=True))

    assert content
    assert content.description.endswith("Invited: Pyotr Petrov, room5")


def test_what_the_server_does_not_tell_has_no_line() -> None:
    content = to_vevent(KEY, replace(RICH, mode="", access="", owner=" "), Rendering(people=False))

    assert content
    assert content.description.splitlines()[1:] == ["Conference ID: 7412589630"]
    assert content.categories == ()


def test_a_very_long_description_is_cut_but_not_its_link() -> None:
    people = tuple(Invitation(f"user{n}", f"Somebody with a long name {n}") for n in range(900))
    content = to_vevent(KEY, replace(RICH, invitations=people), Rendering(people=True))

    assert content
    assert content.description.startswith("https://video.example.com/c/7412589630\n")
    assert content.description.endswith("…")
    assert len(content.description) < 4100


@pytest.mark.parametrize("topic", ["", "   ", "\r\n\t", "\x00\ufeff"])
def test_without_a_topic_the_summary_is_the_id(topic: str) -> None:
    assert summary_of(conference("7", topic)) == "Conference 7"
    assert summary_of(conference("7", topic), russian) == "Конференция 7"


def test_braces_in_topics_and_ids_are_only_braces() -> None:
    assert summary_of(conference("7", "{id} {0} {server.__class__}")) == "{id} {0} {server.__class__}"
    assert summary_of(conference("{id}{id!r}", "")) == "Conference {id}{id!r}"


def test_an_endless_topic_is_cut() -> None:
    assert len(summary_of(conference(topic="я" * 100_000))) == 1000
    assert summary_of(conference(topic="я" * 240)) == "я" * 240


# -- UIDs


def test_a_uid_is_the_same_everywhere_and_tells_nothing() -> None:
    uid = uid_of(KEY)

    assert uid == "de00ea39-0c26-517a-b88e-6824489850fb"
    assert UUID(uid).version == 5
    assert uid == uid_of(Key(SERVER.upper(), KEY.id))
    assert SERVER not in uid


def test_ids_that_differ_in_anything_have_uids_of_their_own() -> None:
    keys = [
        Key(SERVER, "7"),
        Key(SERVER, "07"),
        Key(SERVER, "a"),
        Key(SERVER, "A"),
        Key("other.example", "7"),
    ]

    assert len({uid_of(key) for key in keys}) == len(keys)


def test_an_id_that_has_no_utf_8_form_has_a_uid() -> None:
    assert uid_of(Key(SERVER, "\ud800")) != uid_of(Key(SERVER, "\ud801"))


# -- Words


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("PxP", "all on screen"),
        ("OxP", "video lecture"),
        ("S|L", "role-based"),
        ("S|L Auto", "smart meeting"),
        ("New\r\nMode", "New Mode"),
        ("", ""),
    ],
)
def test_a_mode_is_told_in_words_and_an_unknown_one_as_it_is(mode: str, words: str) -> None:
    assert mode_in_words(mode) == words


@pytest.mark.parametrize(
    ("access", "words"), [("private", "private"), ("public", "public"), ("other", "other")]
)
def test_access_is_told_in_words_and_an_unknown_one_as_it_is(access: str, words: str) -> None:
    assert access_in_words(access) == words


# -- Links


def test_the_servers_own_link_is_the_join_link() -> None:
    ours = replace(RICH, url=" https://video.example.com/c/abc?x=1#y ")

    assert join_link(KEY, ours) == "https://video.example.com/c/abc?x=1#y"


@pytest.mark.parametrize(
    "url",
    [
        "", "trueconf:7", "javascript:alert(1)", "https://", "https://a b/", "https://видео.рф/c/1",
        'https://a.example/"', "https://a.example/\r\nATTENDEE:x", "https://a.example/{id}", "https://a.example/\\n",
        "https://a.example/" + "x" * 3000,
    ],
)  # fmt: skip
def test_what_is_no_uri_gives_way_to_the_template(url: str) -> None:
    assert join_link(KEY, replace(RICH, url=url)) == "https://video.example.com/c/7412589630"


def test_there_is_no_link_to_a_server_that_nobody_named() -> None:
    nowhere = Key("", "7")
    content = to_vevent(nowhere, conference("7"), Rendering())

    assert content
    assert (content.join_url, content.description) == ("", "Conference ID: 7\nOwner: brown")
    assert "URI" not in render_vevent(content, REVISION).body.decode()
    assert join_link(nowhere, conference("7"), "https://a.example/{id}") == "https://a.example/7"


def test_an_operators_template_makes_the_link() -> None:
    link = join_link(KEY, RICH, "https://go.example.org/join?server={server}&id={id}")

    assert link == "https://go.example.org/join?server=video.example.com&id=7412589630"


@pytest.mark.parametrize(
    ("server", "written"),
    [
        ("video.example.com:8443", "video.example.com:8443"),
        ("[2001:db8::1]:443", "[2001:db8::1]:443"),
        ("видео.рф", "xn--b1aedk6a.xn--p1ai"),
        ("{id}", "%7Bid%7D"),
        ("a/../b", "a%2F..%2Fb"),
        ("x\r\nBEGIN:VEVENT", "x%0D%0ABEGIN%3AVEVENT"),
    ],
)
def test_whatever_a_server_calls_itself_the_link_is_a_uri(server: str, written: str) -> None:
    assert join_link(Key(server, "7"), conference("7")) == f"https://{written}/c/7"


def test_whatever_an_id_holds_it_is_one_segment_of_a_path() -> None:
    assert join_link(KEY, conference("7/../8?x#y{server}")).endswith("/c/7%2F..%2F8%3Fx%23y%7Bserver%7D")


@pytest.mark.parametrize(
    "template", ["https://{server}/c/{id}", "http://10.0.0.1:8080/{id}", "https://a.example/?id={id}"]
)
def test_a_template_that_makes_an_address_is_good(template: str) -> None:
    assert check_template(template) == template


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("https://a.example/", "where the id goes"),
        ("{server}/c/{id}", "http or https address"),
        ("https://{host}/c/{id}", "nothing but {server} and {id}"),
        ("https://{server.__class__}/c/{id}", "nothing but"),
        ("https://{server}/c/{id}/{", "nothing but"),
        ("https://{server}/c/{id!r}", "where the id goes"),
        ("https://видео.рф/{id}", "ASCII"),
        ("https://a.example/ {id}", "address"),
    ],
)
def test_a_template_that_cannot_make_an_address_is_refused_with_a_reason(template: str, words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("{", "\\{").replace("}", "\\}")):
        check_template(template)


# -- Redaction


@pytest.mark.parametrize("schedule", [once(), weekly()])
def test_busy_tells_the_times_and_nothing_else(schedule: Schedule) -> None:
    secret = replace(RICH, schedule=schedule, url="https://video.example.com/c/secret")
    content = to_vevent(KEY, secret, Rendering(MOSCOW, people=True), redaction="busy", translate=russian)
    full = to_vevent(KEY, secret, Rendering(MOSCOW, people=True))

    assert content
    assert full
    body = render_vevent(content, REVISION).body.decode()
    names = {line.partition(":")[0].partition(";")[0] for line in body.splitlines()}
    assert "SUMMARY:Занято\r\n" in body
    told = "BEGIN SUMMARY DTSTART DTEND DTSTAMP UID SEQUENCE LAST-MODIFIED STATUS TRANSP END"
    assert names - {"RRULE"} == set(told.split())
    assert (content.uid, content.start, content.end) == (full.uid, full.start, full.end)
    traces = (
        "Planning",
        "7412589630",
        "brown",
        "Petrov",
        "room5",
        "video",
        "https",
        "role",
        "private",
        "20260901",
    )
    assert [trace for trace in traces if trace in body] == []


def test_an_edit_of_what_is_hidden_cannot_be_seen() -> None:
    before = to_vevent(KEY, RICH, Rendering(), redaction="busy")
    after = to_vevent(KEY, replace(RICH, topic="Another", owner="smith"), Rendering(), redaction="busy")

    assert before
    assert after
    assert fingerprint(before) == fingerprint(after)


def test_the_uid_of_a_busy_conference_cannot_be_found_by_trying_ids() -> None:
    told, known, other = (
        to_vevent(KEY, RICH, Rendering(), redaction="busy", secret=secret) for secret in ("", "one", "two")
    )

    assert told
    assert known
    assert other
    assert len({told.uid, known.uid, other.uid, uid_of(KEY)}) == 3
    assert to_vevent(KEY, RICH, Rendering(), redaction="busy", secret="one") == known
