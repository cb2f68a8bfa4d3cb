"""
Where a target's requests may go: to the host of its URL, and to those that the settings name.
"""

from dataclasses import dataclass
from functools import lru_cache

import httpx

from service.caldav.hrefs import credentials_may_go
from service.caldav.named_hosts import ENTRY
from service.caldav.quirks import partition_hosts

Origin = tuple[str, str, int]

_PORTS = {"http": 80, "https": 443}


@lru_cache(maxsize=64)
def parse_url(url: str) -> httpx.URL:
    """Return the address as the request will be sent to it. Raises httpx.InvalidURL."""
    return httpx.URL(url)


def origin_of(url: str) -> Origin:
    """Return scheme, host and port as the request will be sent. Raises httpx.InvalidURL."""
    parts = parse_url(url)
    host = parts.raw_host.decode("ascii").lower()
    return parts.scheme, host, parts.port or _PORTS.get(parts.scheme, 0)


def name_place(origin: Origin) -> str:
    """Return host and port, for texts that name two places."""
    _, host, port = origin
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def entry_for(origin: Origin) -> str:
    """Return what TRUSTED_HOSTS would have to say for this place."""
    scheme, _, port = origin
    place = name_place(origin)
    return place.rpartition(":")[0] if port == _PORTS.get(scheme) else place


@dataclass(frozen=True, slots=True)
class Places:
    """
    The places where the requests of one target, with its credentials, may go.
    """

    url: str
    named: tuple[str, ...] = ()
    """Entries of TRUSTED_HOSTS."""

    partitions: bool = True
    """Whether the numbered hosts that a quirk knows belong to the account."""

    def include(self, url: str) -> bool:
        """
        Return whether a request may go to `url`. Raises httpx.InvalidURL.

        Another port is another place. The same host may move from http to https on the default ports.
        """
        # Compared as the request will be sent: two parsers could disagree about the host.
        ours, theirs = str(parse_url(self.url)), str(parse_url(url))
        if credentials_may_go(ours, theirs, partition_hosts(self.url) if self.partitions else None):
            return True
        origin = origin_of(url)
        allowed = {"https"} if ours.startswith("https:") else set(_PORTS)
        return origin[0] in allowed and any(_fits(entry, origin) for entry in self.named)


def _fits(entry: str, origin: Origin) -> bool:
    matched = ENTRY.fullmatch(entry)
    if not matched:
        return False
    scheme, host, port = origin
    if port != int(matched["port"] or _PORTS[scheme]):
        return False
    named = matched["host"]
    if named.startswith("*."):
        return host.endswith(_ascii(named[2:], dotted=True))
    return host == _ascii(named)


def _ascii(host: str, *, dotted: bool = False) -> str:
    """Return a host as it stands in a request: without brackets, in Punycode."""
    name = httpx.URL(f"https://{host}/").raw_host.decode("ascii").lower()
    return f".{name}" if dotted else name
