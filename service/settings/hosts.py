"""
The values of CONFCAL_HOST: addresses and names of this machine, and `*` for all of them.
"""

import re
from ipaddress import IPv6Address, ip_address

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8080

ANY = "*"
ANY_IPV4, ANY_IPV6 = "0.0.0.0", "::"  # noqa: S104 -- compared with; what is bound to is for the operator to say
_ANYWHERE = frozenset({ANY, ANY_IPV4, ANY_IPV6})

_NAME = re.compile(r"(?=.{1,253}$)[\w-]+(\.[\w-]+)*\.?")
_WITH_PORT = re.compile(r"\[.*\]:\d+|[^:]*:\d+")


def check_hosts(text: str) -> str:
    """Return the hosts as they were written. Raises ValueError with the reason where one is not a host."""
    for host in _split(text):
        if _WITH_PORT.fullmatch(host):
            raise ValueError(f"{host!r} holds a port; write the address alone and the port in CONFCAL_PORT")
        if host != ANY and not is_address(_bare(host)) and not _NAME.fullmatch(host):
            raise ValueError(
                f"{host!r} is neither an address nor a name; write one like 127.0.0.1, ::1 or localhost, "
                "several with commas, or * for every address"
            )
    return text.strip()


def hosts_of(text: str) -> tuple[str, ...]:
    """Return each host of the setting once; an empty one means every address."""
    return tuple(dict.fromkeys(map(_bare, _split(text)))) or (ANY,)


def local_hosts(text: str) -> tuple[str, ...]:
    """Return the hosts at which this machine itself reaches the daemon, the likeliest first."""
    found: list[str] = []
    for host in hosts_of(text):
        found += {ANY: ["127.0.0.1", "::1"], ANY_IPV4: ["127.0.0.1"], ANY_IPV6: ["127.0.0.1", "::1"]}.get(
            host, [host]
        )
    return tuple(dict.fromkeys(found))


def is_reachable_by_others(text: str) -> bool:
    """Return whether other machines reach one of the hosts."""
    return any(map(_is_public, hosts_of(text)))


def in_url(host: str) -> str:
    """Return a host as URLs write it."""
    return f"[{host}]" if ":" in host else host


def _split(text: str) -> list[str]:
    return [host for part in text.split(",") if (host := part.strip())]


def _bare(host: str) -> str:
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def is_address(host: str) -> bool:
    """Return whether a host is an address rather than a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_public(host: str) -> bool:
    if host in _ANYWHERE:
        return True
    if not is_address(host):
        return host != "localhost"
    address = ip_address(host)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return not (mapped or address).is_loopback
