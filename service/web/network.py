"""
The network that a request comes from, which limits and counts go by.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from starlette.types import Scope

UNKNOWN = "unknown"

_PREFIX = {4: 24, 6: 64}
"""What one household, office or provider has: IPv4 /24, IPv6 /64."""

_REMEMBERED = 8192
_LONGEST = 2000

Address = IPv4Address | IPv6Address


class Networks:
    """
    Determines networks. X-Forwarded-For is believed where the request comes from a trusted proxy.
    """

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        self.trust(trusted)

    def trust(self, trusted: Iterable[str]) -> None:
        """Believe exactly these proxies from now on."""
        self._trusted = tuple(ip_network(each) for each in trusted)
        # The same few clients ask again and again, and parsing costs more than the rest of an answer.
        self._of = lru_cache(maxsize=_REMEMBERED)(self._network)

    def of(self, scope: Scope) -> str:
        """Return the network of a request, like `192.0.2.0/24`."""
        client = scope.get("client")
        if not client:
            return UNKNOWN
        if not self._trusted:
            return self._of(client[0], b"")
        lines = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        return self._of(client[0], b",".join(lines)[-_LONGEST:])

    def hides_others(self, scope: Scope) -> bool:
        """Return whether a request came by a proxy that is not trusted: its clients are one network to us."""
        client = scope.get("client")
        address = _address(client[0]) if client else None
        forwarded = any(name == b"x-forwarded-for" for name, _ in scope["headers"])
        return forwarded and not (address is not None and self._trusts(address))

    def comes_from_proxy(self, scope: Scope) -> bool:
        """Return whether a trusted proxy itself sent a request, whatever its headers say."""
        client = scope.get("client")
        address = _address(client[0]) if client else None
        return address is not None and self._trusts(address)

    def _network(self, host: str, forwarded: bytes) -> str:
        address = _address(host)
        hops = forwarded.decode("latin-1").split(",") if forwarded else []
        # From the nearest hop outwards: what stands before the first untrusted one, anybody may have written.
        while address is not None and hops and self._trusts(address):
            nearer = _address(hops.pop().strip())
            if nearer is None:
                break
            address = nearer
        if address is None:
            return UNKNOWN
        return str(ip_network((address, _PREFIX[address.version]), strict=False))

    def _trusts(self, address: Address) -> bool:
        return any(address.version == each.version and address in each for each in self._trusted)


def _address(text: str) -> Address | None:
    # Some proxies write a port: `192.0.2.1:5000`, `[2001:db8::1]:5000`.
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
