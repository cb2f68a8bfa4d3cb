"""
The answers of a simulated endpoint about itself.
"""

from typing import Any, Final

LOGIN_NEEDED: Final = 2
"""The appState of an endpoint that is connected to a server where nobody is logged in."""

READY: Final = 3
"""The appState of an endpoint with a user, not in a call."""


def answer(method: str, *, peer: str | None, domain: str) -> dict[str, Any]:
    """
    Return the reply to a question about the endpoint, with `result: false` for an unknown one.

    `peer` is the logged-in user, or None; shapes are those of the VideoSDK commands.
    """
    user = {"peerId": peer, "peerDn": peer} if peer else {}
    server = {"server": domain, "service": False, "port": 4307, "domain": domain}
    answers: dict[str, dict[str, Any]] = {
        "getAppState": {"embeddedHttpPort": 8766, "appState": READY if user else LOGIN_NEEDED},
        "getLogin": {"isLoggedIn": bool(user)} | user,
        "getSystemInfo": {"productInfo": {"major": 5, "minor": 0}} | ({"authInfo": user} if user else {}),
        "getConnected": {"state": 2, "serverInfo": server},
        "getServerDomain": {"domain": domain},
    }
    if method in answers:
        return answers[method] | {"result": True}
    return {"error": "Unknown method", "result": False}
