"""
Whom a request is believed about: the reverse proxies, and the header in which one names who signed in.
"""

import re
from ipaddress import ip_network

_HEADER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?")
_ANYBODY = frozenset(
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
"""What visitors and proxies write anyway, for other ends."""


def check_networks(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the networks as they are. Raises ValueError where one is none."""
    for value in values:
        try:
            ip_network(value)
        except ValueError as error:
            raise ValueError(f"{value!r} is no network; write one like 10.0.0.0/8 or 127.0.0.1/32") from error
    return values


def check_header(name: str) -> str:
    """Return a header's name without spaces around it. Raises ValueError where it names no person."""
    name = name.strip()
    if not _HEADER.fullmatch(name):
        raise ValueError("write the name of one header alone, like X-Forwarded-Preferred-Username")
    if name.lower() in _ANYBODY:
        raise ValueError(
            "it does not name who signed in; write the header that your single sign-on proxy sets, "
            "like X-Forwarded-Preferred-Username"
        )
    return name
