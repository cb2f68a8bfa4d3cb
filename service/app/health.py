"""
The health check of the daemon on this machine. It runs every half minute, so nothing heavy is imported.
"""

import socket

from service.core.errors import ConfcalError
from service.settings.hosts import in_url, local_hosts
from service.settings.own_address import guess_own_address

_ANSWER_SECONDS = 4
"""For all addresses together: the image's HEALTHCHECK waits five."""

_FIRST_ERROR = 400
_MOST_OF_A_LINE = 4096
_DIGITS = 3


def require_health() -> None:
    """
    Raise ConfcalError with what is wrong with the daemon that the environment describes.

    Raises SettingsError where it does not answer and a setting cannot work.
    """
    trouble = _find_trouble()
    if trouble:
        raise ConfcalError(trouble)


def _find_trouble() -> str:
    """
    Return what is wrong with the daemon that the environment describes; empty where it answers.

    Raises SettingsError where it does not answer and a setting cannot work.
    """
    guessed = guess_own_address()
    trouble = health_trouble(*guessed) if guessed else ""
    if guessed and not trouble:
        return ""
    # Imported late, because loading the settings costs several times as much as the request.
    from service.settings.load import load_settings  # noqa: PLC0415

    settings = load_settings()
    same = guessed == (settings.host, settings.port)
    return trouble if same else health_trouble(settings.host, settings.port)


def health_trouble(hosts: str, port: int) -> str:
    """Return what is wrong with the daemon at one of these hosts; empty where it answers."""
    found = local_hosts(hosts)
    # One address is enough: where IPv6 is switched off, `*` is IPv4 alone.
    troubles = []
    for host in found:
        trouble = _trouble(host, port, _ANSWER_SECONDS / len(found))
        if not trouble:
            return ""
        troubles.append(trouble)
    return troubles[0]


def _trouble(host: str, port: int, timeout_seconds: float) -> str:
    asked = f"http://{in_url(host)}:{port}/healthz"
    try:
        status = _status(host, port, timeout_seconds)
    except (OSError, ValueError) as error:
        return (
            f"{asked} does not answer: {error}; start `confcal run`, or correct CONFCAL_HOST and CONFCAL_PORT"
        )
    return "" if status < _FIRST_ERROR else f"{asked} answered with status {status}"


def _status(host: str, port: int, timeout_seconds: float) -> int:
    """
    Return the status of the answer. Raises OSError and ValueError.

    http.client would do the same, and load the parsers of e-mail and TLS for it.
    """
    request = f"GET /healthz HTTP/1.1\r\nHost: {in_url(host)}:{port}\r\nConnection: close\r\n\r\n"
    with socket.create_connection((host, port), timeout=timeout_seconds) as connection:
        connection.sendall(request.encode())
        with connection.makefile("rb") as answer:
            version, _, rest = answer.readline(_MOST_OF_A_LINE).partition(b" ")
    status = rest[:3]
    if not version.startswith(b"HTTP/") or len(status) != _DIGITS or not status.isdigit():
        raise ValueError("what answers there speaks no HTTP")
    return int(status)
