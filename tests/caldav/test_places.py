"""
Which places the settings name.
"""

import pytest

from service.caldav.named_hosts import check_host
from service.caldav.places import Places

OURS = "https://dav.example.org/cal/"


@pytest.mark.parametrize(
    ("entry", "url", "included"),
    [
        ("other.example.net", "https://other.example.net/x", True),
        ("other.example.net", "https://OTHER.example.net:443/x", True),
        ("other.example.net", "https://other.example.net:8443/x", False),
        ("other.example.net:8443", "https://other.example.net:8443/x", True),
        ("other.example.net:8443", "https://other.example.net/x", False),
        ("other.example.net", "http://other.example.net/x", False),
        ("other.example.net", "https://sub.other.example.net/", False),
        ("other.example.net", "https://other.example.net.evil.test/", False),
        ("*.example.net", "https://a.example.net/", True),
        ("*.example.net", "https://a.b.example.net/", True),
        ("*.example.net", "https://example.net/", False),
        ("*.example.net", "https://evilexample.net/", False),
        ("*.example.net:8443", "https://a.example.net:8443/", True),
        ("bücher.example.net", "https://xn--bcher-kva.example.net/", True),
        ("[2001:db8::1]:8443", "https://[2001:db8::1]:8443/", True),
        ("dav.example.org:80", "http://dav.example.org/", False),
        ("other.example.net", "https://other.example.net@evil.test/", False),
        ("other.example.net", "https://evil.test\\@other.example.net/", True),
        ("other.example.net", "ftp://other.example.net/", False),
    ],
)
def test_a_place_is_named_by_host_and_port(entry: str, url: str, *, included: bool) -> None:
    assert Places(OURS, (check_host(entry),)).include(url) is included


def test_over_plain_http_a_named_place_may_be_plain_too() -> None:
    assert Places("http://nas:5232/", ("nas",)).include("http://nas/")
    assert not Places("http://nas:5232/").include("http://nas/")


@pytest.mark.parametrize(
    "entry",
    ["", "*", "*.com", "https://a.org", "a.org/", "a.org:0", "a.org:99999", "a b", "*a.org", "a..b"],
)
def test_what_names_no_host_is_refused_with_the_form(entry: str) -> None:
    with pytest.raises(ValueError, match=r"like dav\.example\.com"):
        check_host(entry)
