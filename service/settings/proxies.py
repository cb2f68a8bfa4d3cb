"""
The reverse proxies that are trusted, and the header in which one names who signed in.
"""

import re
from ipaddress import ip_network

_HEADER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?")
_OTHER_HEADERS = frozenset(
    {
        "authorization",
        "cookie",
        "forwarded",
        "from",
        "host",
        "origin",
        "referer",
        "user-agent",
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-real-ip",
    }
)
"""Headers that visitors and proxies send for other purposes."""


def check_networks(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the networks unchanged. Raises ValueError where one is not a network."""
    for value in values:
        try:
            ip_network(value)
        except ValueError as error:
            raise ValueError(
                f"{value!r} is not a network; write one like 10.0.0.0/8 or 127.0.0.1/32"
            ) from error
    return values


def check_header(name: str) -> str:
    """
    Return a header's name without spaces around it.

    Raises ValueError for a header that does not name a person.
    """
    name = name.strip()
    if not _HEADER.fullmatch(name):
        raise ValueError("write the name of one header alone, like X-Forwarded-Preferred-Username")
    if name.lower() in _OTHER_HEADERS:
        raise ValueError(
            "it does not name who signed in; write the header that your single sign-on proxy sets, "
            "like X-Forwarded-Preferred-Username"
        )
    return name
