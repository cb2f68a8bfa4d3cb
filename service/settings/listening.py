"""
The sockets that the daemon listens on.
"""

import errno
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from service.core.errors import SettingsError
from service.settings.hosts import ANY, ANY_IPV4, ANY_IPV6, hosts_of, in_url, is_address
from service.settings.model import Settings

_BACKLOG = 1024
_TRIES = 8
"""How often a port is tried that must be free on all addresses."""

_MISSING = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT})
"""The machine lacks the address, or its whole family."""


@dataclass(frozen=True, slots=True)
class _Place:
    """One address to listen on."""

    host: str
    """As the operator wrote it."""

    family: socket.AddressFamily
    address: str

    optional: bool
    """Whether it is skipped where the machine lacks it, as one half of IPv4 and IPv6 together may."""


def listen(settings: Settings) -> tuple[socket.socket, ...]:
    """
    Return the listening sockets, all on one port.

    Raises SettingsError, which names the address or the port that is not available.
    """
    places = list(_places(settings))
    for last in range(_TRIES):
        try:
            return _listen(places, settings.port)
        except _PortTaken as error:
            # A port that the system chose for the first address may be taken on the next.
            if settings.port or last == _TRIES - 1:
                raise SettingsError(str(error)) from error
    raise AssertionError("the last try returns or raises")


def _places(settings: Settings) -> Iterator[_Place]:
    hosts = hosts_of(settings.host)
    for host in hosts:
        if host in {ANY, ANY_IPV6}:
            # Two sockets instead of one for both: that one shows mapped addresses of IPv4 clients, and some
            # systems do not have it.
            if host == ANY_IPV6 or ANY_IPV6 not in hosts:
                yield _Place(host, socket.AF_INET6, ANY_IPV6, optional=host == ANY)
            if ANY_IPV4 not in hosts and not (host == ANY_IPV6 and ANY in hosts):
                yield _Place(host, socket.AF_INET, ANY_IPV4, optional=True)
        elif is_address(host):
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            yield _Place(host, family, host, optional=False)
        else:
            yield from _resolve(host)


def _resolve(host: str) -> Iterator[_Place]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise SettingsError(
            f"CONFCAL_HOST: {host} is not known here ({_reason(error)}); name an address of this machine"
        ) from error
    addresses = dict.fromkeys((family, str(where[0])) for family, _type, _protocol, _name, where in found)
    for family, address in addresses:
        yield _Place(host, family, address, optional=len(addresses) > 1)


def _listen(places: list[_Place], port: int) -> tuple[socket.socket, ...]:
    with ExitStack() as undo:
        opened: list[socket.socket] = []
        for number, place in enumerate(places, start=1):
            try:
                opened.append(undo.enter_context(_open(place, port)))
            except _Missing as error:
                if not place.optional or (number == len(places) and not opened):
                    raise SettingsError(str(error)) from error
            else:
                port = opened[-1].getsockname()[1]
        undo.pop_all()
    return tuple(opened)


class _PortTaken(Exception):
    """Another program listens there."""


class _Missing(Exception):
    """The machine does not have the address."""


def _open(place: _Place, port: int) -> socket.socket:
    shown = f"{in_url(place.address)}:{port}"
    try:
        # The protocol is named because asyncio asks for it before it sets TCP_NODELAY.
        opened = socket.socket(place.family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        raise _explain_missing(place, port, error) from error
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if place.family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind((place.address, port))
        opened.listen(_BACKLOG)
    except OSError as error:
        opened.close()
        if error.errno in _MISSING:
            raise _explain_missing(place, port, error) from error
        if error.errno == errno.EADDRINUSE:
            raise _PortTaken(
                f"CONFCAL_PORT: {shown} cannot be listened on ({_reason(error)}); "
                "stop what uses it, or choose another port or CONFCAL_HOST"
            ) from error
        if error.errno == errno.EACCES:
            raise SettingsError(
                f"CONFCAL_PORT: {shown} cannot be listened on ({_reason(error)}); "
                "choose a port from 1024 on, and let a reverse proxy have the lower one"
            ) from error
        raise SettingsError(
            f"CONFCAL_HOST: {shown} cannot be listened on ({_reason(error)}); name another address"
        ) from error
    return opened


def _explain_missing(place: _Place, port: int, error: OSError) -> _Missing:
    named = place.host if place.host == place.address else f"{place.host} ({place.address})"
    return _Missing(
        f"CONFCAL_HOST: {in_url(place.address)}:{port} cannot be listened on ({_reason(error)}); "
        f"{named} is not an address of this machine, so name one that it has, or * for all"
    )


def _reason(error: Exception) -> str:
    # asyncio and Python append what they were doing.
    return str(getattr(error, "strerror", None) or error).partition(" (while")[0]
