"""
The credentials of a target of the settings.
"""

from typing import assert_never

from service.caldav.client import Trust
from service.caldav.credentials import (
    Anonymous,
    Basic,
    Bearer,
    ClientCertificate,
    Credentials,
    Digest,
    OAuth2,
)
from service.settings.targets import TargetSettings


def trust_of(settings: TargetSettings) -> Trust:
    """Return which certificates a target trusts, and which one it shows."""
    if settings.client_certificate is None:
        return Trust(settings.ca_file, None)
    return Trust(settings.ca_file, ClientCertificate(settings.client_certificate, settings.client_key))


def credentials_of(settings: TargetSettings) -> Credentials:
    """Return what a target signs in with."""

    def secret(name: str) -> str:
        value = getattr(settings, name)
        return value.get_secret_value() if value else ""

    username = settings.username or ""
    match settings.kind:
        case "none" | "mtls":
            return Anonymous()
        case "basic":
            return Basic(username, secret("password"))
        case "digest":
            return Digest(username, secret("password"))
        case "bearer":
            return Bearer(secret("token"))
        case "oauth2":
            return OAuth2(
                settings.client_id or "",
                secret("client_secret"),
                secret("refresh_token"),
                settings.token_url or "",
            )
        case _ as unreachable:
            assert_never(unreachable)
