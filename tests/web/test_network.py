"""
Where a request comes from, and whom to believe about it.
"""

import pytest
from starlette.types import Scope

from service.web.network import Networks


def scope(client: str | None, *forwarded: str) -> Scope:
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    return {"type": "http", "client": (client, 5000) if client else None, "headers": headers}


@pytest.mark.parametrize(
    ("client", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "unknown"),
        (None, "unknown"),
    ],
)
def test_an_address_stands_for_its_network(client: str | None, network: str) -> None:
    assert Networks().of(scope(client)) == network


def test_nobody_is_believed_without_a_setting() -> None:
    assert Networks().of(scope("192.0.2.1", "198.51.100.9")) == "192.0.2.0/24"


@pytest.mark.parametrize(
    ("forwarded", "network"),
    [
        (["198.51.100.9"], "198.51.100.0/24"),
        # Anybody may send a header of their own; the proxy adds what it saw at the end.
        (["203.0.113.5, 198.51.100.9"], "198.51.100.0/24"),
        (["203.0.113.5", "198.51.100.9"], "198.51.100.0/24"),
        # Two proxies, one behind the other.
        (["198.51.100.9, 10.1.1.1"], "198.51.100.0/24"),
        (["198.51.100.9:4711"], "198.51.100.0/24"),
        (["[2001:db8::1]:443"], "2001:db8::/64"),
        (["garbage"], "10.0.0.0/24"),
        (["198.51.100.9, garbage"], "10.0.0.0/24"),
        ([""], "10.0.0.0/24"),
        ([], "10.0.0.0/24"),
        (["1.2.3.4," * 10_000 + "198.51.100.9"], "198.51.100.0/24"),
    ],
)
def test_a_trusted_proxy_is_believed_about_the_hop_before_it(forwarded: list[str], network: str) -> None:
    assert Networks(["10.0.0.0/8"]).of(scope("10.0.0.1", *forwarded)) == network


def test_a_stranger_is_not_believed_though_proxies_are() -> None:
    assert Networks(["10.0.0.0/8"]).of(scope("192.0.2.1", "198.51.100.9")) == "192.0.2.0/24"


def test_proxies_of_both_families_may_be_trusted() -> None:
    networks = Networks(["127.0.0.1/32", "::1/128"])

    assert networks.of(scope("::1", "198.51.100.9")) == "198.51.100.0/24"
