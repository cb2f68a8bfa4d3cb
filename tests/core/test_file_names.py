"""
The files of calendars have names that people can read, and that no disk mixes up.
"""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.conference import Key
from service.core.file_names import distinct, stem_of
from service.core.trueconf_id import full_id
from service.trueconf.wire import list_of
from tests.conftest import SAMPLES

HOST = "video.example.com"


def names(*calendars: str) -> list[str]:
    return list(distinct({each: stem_of(each) for each in calendars}).values())


@pytest.mark.parametrize(
    ("calendar", "expected"),
    [
        ("all", "all.ics"),
        ("a--b", "a--b.ics"),
        ("ivanov@video.example.com", "ivanov-video.example.com.ics"),
        ("Ivanov@video.example.com", "Ivanov-video.example.com.ics"),
        ("участник@video.example.com", "uchastnik-video.example.com.ics"),
        ("зал@конференции.рф", "zal-konferentsii.rf.ics"),
        ("张伟@video.example.com", "ZhangWei-video.example.com.ics"),
        ("محمد@video.example.com", "mhmd-video.example.com.ics"),
        ("Łukasz Żółć@h", "Lukasz-Zolc-h.ics"),
        ("🐈@h", "cat2-h.ics"),
        ("../x", "x.ics"),
        ("\u200b\u202e", "calendar.ics"),
        ("", "calendar.ics"),
    ],
)
def test_a_name_is_readable_in_any_script(calendar: str, expected: str) -> None:
    assert names(calendar) == [expected]


def test_two_people_have_two_readable_files() -> None:
    (conference,) = list_of((SAMPLES.parent / "cases" / "07-cyrillic-id.json").read_bytes()).conferences
    people = [full_id(each.id, Key(HOST, "p1").server) for each in conference.invitations]

    assert names(*people) == ["uchastnik-video.example.com.ics", "drugoy-video.example.com.ics"]


@pytest.mark.parametrize(
    "alike",
    [
        ("Ivanov@h", "ivanov@h", "IVANOV@h"),
        ("иванов@h", "ivanov@h"),
        ("ivan-h", "ivan@h"),
        ("müller@h", "mu\u0308ller@h", "muller@h"),
        ("\u200b", "\u200c", "---"),
        ("x" * 300 + "@a", "x" * 300 + "@b"),
        ("🐈" * 300, "🐈" * 301),
    ],
)
def test_names_that_fold_together_are_told_apart_whatever_their_order(alike: tuple[str, ...]) -> None:
    given, turned = names(*alike), names(*reversed(alike))

    assert len({name.casefold() for name in given}) == len(alike)
    assert given == list(reversed(turned))
    assert all(re.fullmatch(r".+-[0-9a-f]{6}\.ics", name) for name in given)


def test_who_has_a_suffix_keeps_it_when_more_come() -> None:
    assert names("иванов@h", "ivanov@h") == names("иванов@h", "ivanov@h", "Ivanov@h", "petrov@h")[:2]


@given(st.lists(st.text(max_size=12), unique=True, max_size=8))
def test_every_name_is_a_safe_file_and_no_two_are_alike(calendars: list[str]) -> None:
    made = names(*calendars)

    assert len({unicodedata.normalize("NFKC", name).casefold() for name in made}) == len(calendars)
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,120}\.ics", name) for name in made)


@given(st.text(alphabet=st.characters(), max_size=20))
def test_even_a_lone_surrogate_has_a_name(text: str) -> None:
    assert names(text + "\ud800", text + "\udfff")[0].isascii()
