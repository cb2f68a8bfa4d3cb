"""
Where the WebSocket of an endpoint is.

The port is not fixed: where 8765 is taken, "the nearest available port" is used, and it may be another one
after a restart (TrueConf VideoSDK, introduction/common). The endpoint's web page names it.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

import msgspec

from service.core.excerpt import quote_beginning
from service.trueconf.causes import cause_of
from service.trueconf.limits import MOST_NESTING, is_deeper_than

Fetch = Callable[[str], Awaitable[bytes]]
"""Fetches one URL by GET and returns the body. Raises OSError for any failure and any error status."""

_SOCKET_SCHEMES: Final = {"http": "ws", "https": "wss"}
_CONFIG_PATH: Final = "/public/default/config.json"
_PORTS: Final = range(1, 65536)
_UNSENDABLE: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f]")


_OTHERWISE: Final = (
    "check that the port is that of TrueConf Room's control panel, or write the address as ws://host:port"
)
"""What helps where something answers, and in another way than TrueConf Room."""
_LIKE_A_PIN: Final = re.compile(r"[A-Za-z0-9]{3,16}")


@dataclass(frozen=True, slots=True)
class EndpointAddress:
    """
    Where the WebSocket of an endpoint is.
    """

    address: str
    """A ws or wss URL."""

    pin: str | None = None
    """The PIN, where the address in the settings holds it."""


class DiscoveryFailed(ConnectionError):
    """The WebSocket port could not be found. The text says what was requested, what came, and what to do."""


def check_url(url: str) -> str:
    """
    Return `url` if it can be the address of a source, without blanks around it.

    Forms: `ws://host:port`, `wss://host[:port]/path`, `http(s)://host[:port]`. Raises ValueError with a
    sentence that says what to write instead; the address itself is not quoted, for it may hold a password.
    """
    url = url.strip()
    if _UNSENDABLE.search(url):
        raise ValueError("there is a blank or a control character in it; write it as ws://10.0.0.5:8765")
    address, port, host = _split(url)
    if address.scheme not in {"ws", "wss", "http", "https"}:
        raise ValueError("it must begin with ws://, wss://, http:// or https://, as in http://10.0.0.5")
    if not host:
        raise ValueError(f"it names no host; write it as {address.scheme}://10.0.0.5:8765")
    try:
        host.encode("idna")
    except UnicodeError as error:
        raise ValueError("its host cannot be looked up; write it as ws://10.0.0.5:8765") from error
    if port == 0:
        raise ValueError("port 0 is not a port; write the one shown on the main screen of TrueConf Room")
    if address.username is not None or address.password is not None:
        raise ValueError("it holds a user or password; leave them out and set the PIN on its own")
    if address.fragment:
        raise ValueError("it has a part behind #, which an address cannot have; leave it out")
    if address.scheme == "ws" and port is None:
        raise ValueError(f"it names no port; write ws://{_bracket(host)}:8765, or http:// to have it found")
    if address.scheme in _SOCKET_SCHEMES and address.query:
        raise ValueError("it has a part behind ?, which the port cannot be asked with; leave it out")
    return url


def _split(url: str) -> tuple[SplitResult, int | None, str | None]:
    try:
        address = urlsplit(url)
        port, host = address.port, address.hostname
    except ValueError as error:
        raise ValueError(_explain_unreadable(url)) from error
    return address, port, host


def _explain_unreadable(url: str) -> str:
    authority = url.partition("//")[2].partition("/")[0]
    # More than one colon: an IPv6 address that lacks its brackets.
    if authority.count(":") > 1 and "[" not in authority:
        return "an IPv6 address stands in brackets; write it as ws://[fd00::5]:8765"
    return "its host or port cannot be read; write it as ws://host:8765"


def place(url: str) -> str:
    """Return host and port of a URL that passed `check_url`, for logs: no path, no query."""
    address = urlsplit(url)
    host = _bracket(address.hostname or "")
    return host if address.port is None else f"{host}:{address.port}"


def pin_in(url: str) -> str | None:
    """
    Return the part of an address that may be the PIN, or None without such a part.

    TrueConf Room's main screen shows `http://10.1.1.10:80/ABC123`: its address and, as the path, its PIN.
    """
    address = urlsplit(url)
    segment = address.path.strip("/")
    return segment if address.scheme in _SOCKET_SCHEMES and _LIKE_A_PIN.fullmatch(segment) else None


def without_pin(url: str) -> str:
    """Return an address for people to see, with anything that may be the PIN masked."""
    return urlsplit(url)._replace(path="/***").geturl() if pin_in(url) else url


async def endpoint_of(url: str, fetch: Fetch) -> EndpointAddress:
    """
    Return where the WebSocket of the endpoint at `url` is, which passed `check_url`.

    For http and https the port is asked with `fetch` at `/public/default/config.json`, key
    `config.websocket.port`. A path is where a proxy has put the endpoint, or else its PIN.
    Raises DiscoveryFailed.
    """
    address = urlsplit(url)
    if address.scheme not in _SOCKET_SCHEMES:
        return EndpointAddress(url)
    try:
        return EndpointAddress(await _ask(address, fetch))
    except DiscoveryFailed as error:
        pin = pin_in(url)
        # An endpoint that cannot be reached cannot be reached without the path either.
        if pin is None or cause_of(error):
            raise
    return EndpointAddress(await _ask(address._replace(path=""), fetch), pin)


async def _ask(address: SplitResult, fetch: Fetch) -> str:
    asked = f"{address.scheme}://{address.netloc}{address.path.rstrip('/')}{_CONFIG_PATH}"
    try:
        body = await fetch(asked)
    except OSError as error:
        cause = cause_of(error)
        raise DiscoveryFailed(
            f"{place(address.geturl())} did not give its WebSocket port at {_CONFIG_PATH}: {error}; "
            f"{cause.advice if cause else _OTHERWISE}",
        ) from error
    return f"{_SOCKET_SCHEMES[address.scheme]}://{_bracket(address.hostname or '')}:{_port(body, address)}"


def _port(body: bytes, address: SplitResult) -> int:
    if is_deeper_than(body, MOST_NESTING):
        raise _refuse_answer(address, f"no JSON{quote_beginning(body)}")
    try:
        content = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _refuse_answer(address, f"no JSON{quote_beginning(body)}") from error
    match content:
        case {"config": {"websocket": {"port": bool()}}}:
            pass
        case {"config": {"websocket": {"port": int() as port}}} if port in _PORTS:
            return port
        case {"config": {"websocket": {"port": str() as digits}}} if _is_port(digits):
            return int(digits)
    raise _refuse_answer(address, "no config.websocket.port from 1 to 65535")


def _is_port(digits: str) -> bool:
    return digits.isascii() and digits.isdecimal() and len(digits) <= len("65535") and int(digits) in _PORTS


def _refuse_answer(address: SplitResult, what: str) -> DiscoveryFailed:
    return DiscoveryFailed(f"{place(address.geturl())} answered {_CONFIG_PATH} with {what}; {_OTHERWISE}")


def _bracket(host: str) -> str:
    return f"[{host}]" if ":" in host else host
