"""
Whether the daemon on this machine answers. It is asked every half minute, so nothing heavy is imported.
"""

from http.client import HTTPConnection, HTTPException

from service.settings.hosts import in_url, local_hosts
from service.settings.model import Settings

_ANSWER_SECONDS = 4
"""For all addresses together: the image's HEALTHCHECK waits five."""

_FIRST_ERROR = 400


def health_trouble(settings: Settings) -> str:
    """Return what is wrong with the daemon on this machine; empty where it answers."""
    hosts = local_hosts(settings.host)
    # One address is enough: where IPv6 is switched off, `*` is IPv4 alone.
    troubles = []
    for host in hosts:
        trouble = _trouble(host, settings.port, _ANSWER_SECONDS / len(hosts))
        if not trouble:
            return ""
        troubles.append(trouble)
    return troubles[0]


def _trouble(host: str, port: int, timeout_seconds: float) -> str:
    connection = HTTPConnection(host, port, timeout=timeout_seconds)
    asked = f"http://{in_url(host)}:{port}/healthz"
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return (
            f"{asked} does not answer: {error}; start `confcal run`, or correct CONFCAL_HOST and CONFCAL_PORT"
        )
    finally:
        connection.close()
    return "" if status < _FIRST_ERROR else f"{asked} answered with status {status}"
