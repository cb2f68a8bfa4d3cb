"""
Whether the daemon on this machine answers. It is asked every half minute, so nothing heavy is imported.
"""

from http.client import HTTPConnection, HTTPException

from service.settings import Settings

_PATIENCE_SECONDS = 4
_FIRST_ERROR = 400


def health_trouble(settings: Settings) -> str:
    """Return what is wrong with the daemon on this machine; empty where it answers."""
    wildcards = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- looked up, not bound to
    host = wildcards.get(settings.host, settings.host)
    connection = HTTPConnection(host, settings.port, timeout=_PATIENCE_SECONDS)
    shown = f"[{host}]" if ":" in host else host
    asked = f"http://{shown}:{settings.port}/healthz"
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
