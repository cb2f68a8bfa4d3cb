import re

import pytest

from service.caldav.hrefs import credentials_may_go, join_url, path_of, resource_href, slug, url_of

COLLECTION = "https://dav.example.org/cal/alice%40x/team/"


def test_a_resource_is_named_by_its_uid() -> None:
    assert resource_href(COLLECTION, "3f9c-1") == "/cal/alice@x/team/3f9c-1.ics"


@pytest.mark.parametrize("uid", ["../../etc", "a/b", "a:b", 'a"b', "a\\b", "ü", "x" * 300, "%2e%2e"])
def test_no_uid_leaves_the_collection_or_makes_an_unsafe_name(uid: str) -> None:
    name = resource_href(COLLECTION, uid).removeprefix("/cal/alice@x/team/")

    assert re.fullmatch(r"[A-Za-z0-9_-]{1,200}\.ics", name)


def test_an_address_and_its_path_go_both_ways() -> None:
    path = "/cal/alice@x/team/1.ics"

    assert path_of(url_of(COLLECTION, path)) == path
    assert url_of(COLLECTION, path).startswith("https://dav.example.org/")


@pytest.mark.parametrize(
    ("trusted", "url", "allowed"),
    [
        ("https://a.org/x", "https://a.org/y", True),
        ("https://a.org/x", "https://A.org:443/y", True),
        ("http://a.org", "https://a.org/", True),
        ("https://a.org", "http://a.org/", False),
        ("https://a.org", "https://b.org/", False),
        ("https://a.org", "https://a.org.evil.net/", False),
        ("https://a.org", "https://a.org:8443/", False),
        ("http://a.org:8080", "https://a.org/", False),
        ("https://a.org", "https://user@b.org/", False),
        ("https://a.org", "ftp://a.org/", False),
    ],
)
def test_credentials_go_to_their_own_origin_only(trusted: str, url: str, *, allowed: bool) -> None:
    assert credentials_may_go(trusted, url) is allowed


@pytest.mark.parametrize(
    ("name", "expected"),
    [("ivanov@video.example.org", "ivanov-video-example-org"), ("Планы", "confcal-36067282"), ("a b", "a-b")],
)
def test_the_name_of_a_new_collection_is_safe_everywhere(name: str, expected: str) -> None:
    assert slug(name) == expected


def test_names_that_only_other_letters_tell_apart_have_two_addresses() -> None:
    names = ["Отдел продаж", "Отдел кадров", "Отдел 1", "Büro 1", "🙂", "", "x" * 300, "x" * 301]

    assert len({slug(name) for name in names}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,200}", slug(name)) for name in names)


def test_an_encoded_slash_is_part_of_a_name() -> None:
    collection = "https://dav.example.org/cal/a%2Fb/"
    href = resource_href(collection, "1")

    assert url_of(collection, href) == "https://dav.example.org/cal/a%2Fb/1.ics"
    assert url_of(collection, path_of("/cal/a%2fb/1.ics")) == "https://dav.example.org/cal/a%2Fb/1.ics"


@pytest.mark.parametrize("href", ["http://[", "//[::1", "http://a:b/", "http://a:99999/", "http://[v1]/"])
def test_what_is_no_address_is_told_by_none(href: str) -> None:
    assert join_url(COLLECTION, href) is None
