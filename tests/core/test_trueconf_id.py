"""
A TrueConf ID is taken apart in one place, and compared without case and instance.
"""

import pytest

from service.core.trueconf_id import TrueConfId


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ivanov", TrueConfId("ivanov")),
        ("Ivanov@Video.Example.COM", TrueConfId("Ivanov", "video.example.com")),
        (" ivanov@video.example.com/desktop ", TrueConfId("ivanov", "video.example.com", "desktop")),
        ("ivanov/desktop@video.example.com", TrueConfId("ivanov", "video.example.com", "desktop")),
        ("a@b@c", TrueConfId("a", "b@c")),
        ("@server", TrueConfId("", "server")),
        ("", TrueConfId("")),
    ],
)
def test_an_id_has_a_user_and_perhaps_a_server_and_an_instance(text: str, expected: TrueConfId) -> None:
    assert TrueConfId.parse(text) == expected


def test_people_are_told_apart_without_case_and_instance() -> None:
    written = ("Иванов@Video.example.com", "иванов@video.EXAMPLE.com/phone")

    assert len({TrueConfId.parse(each).folded for each in written}) == 1


def test_an_id_without_a_server_is_one_of_the_server_it_is_used_on() -> None:
    assert str(TrueConfId.parse("ivanov").at("Video.example.com")) == "ivanov@video.example.com"
    assert str(TrueConfId.parse("ivanov@other").at("video.example.com")) == "ivanov@other"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("u" * 255 + "@" + "s" * 255, ""),
        ("u" * 256, "the user is longer than 255 characters"),
        ("u@" + "s" * 256, "the server is longer than 255 characters"),
        ("u@s/" + "i" * 256, "the instance is longer than 255 characters"),
        ("🐈" * 255, ""),
    ],
)
def test_an_id_may_have_255_characters_in_each_part(text: str, fault: str) -> None:
    assert TrueConfId.parse(text).fault == fault
