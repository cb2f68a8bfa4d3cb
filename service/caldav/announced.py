"""
Where DNS says that a domain's CalDAV server is (RFC 6764, 3 and 4).
"""

from collections.abc import Awaitable, Callable, Iterable
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

import dns.asyncresolver
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.TXT import TXT
from dns.rdtypes.IN.SRV import SRV

from service.caldav.hrefs import origin

Announced = Callable[[str], Awaitable[str]]
"""Gives the address that a domain announces, empty where it announces none."""

_SERVICE = "_caldavs._tcp."
_HTTPS = 443
_WAIT_SECONDS = 5.0


def domain_of(url: str) -> str:
    """Return the domain that is all of an address; empty where it says more, or names a machine by number."""
    try:
        scheme, host, port = origin(url)
    except ValueError:
        return ""
    bare = scheme == "https" and port == _HTTPS and urlsplit(url).path in {"", "/"}
    return host if bare and "." in host and not _is_number(host) else ""


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def address_of(services: Iterable[SRV], texts: Iterable[TXT] = ()) -> str:
    """
    Return the address that SRV and TXT records announce, empty where they announce none.

    Of several the one of the lowest priority, then of the greatest weight: always the same one.
    """
    # A lone dot says that there is no such service (RFC 2782).
    named = [service for service in services if service.target.to_text() != "."]
    if not named:
        return ""
    best = min(named, key=lambda service: (service.priority, -service.weight, service.target.to_text()))
    host = best.target.to_text(omit_final_dot=True)
    port = "" if best.port == _HTTPS else f":{best.port}"
    words = [word.decode("utf-8", "replace") for text in texts for word in text.strings]
    path = next((word.removeprefix("path=") for word in words if word.startswith("path=/")), "/")
    return f"https://{host}{port}{quote(path, safe='/@:+,;=!$&()*~%')}"


async def find_announced(domain: str, resolver: dns.asyncresolver.Resolver | None = None) -> str:
    """Return the address that DNS announces for a domain; empty where it announces none or is silent."""
    try:
        resolver = resolver or dns.asyncresolver.Resolver()
        services = await resolver.resolve(_SERVICE + domain, dns.rdatatype.SRV, lifetime=_WAIT_SECONDS)
        texts = await resolver.resolve(
            _SERVICE + domain, dns.rdatatype.TXT, lifetime=_WAIT_SECONDS, raise_on_no_answer=False
        )
        return address_of(services, texts)
    except Exception:  # noqa: BLE001 -- whatever a name server's answer provokes
        # A hint that cannot be had is no error of its own.
        return ""
