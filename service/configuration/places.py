"""
Where things are: the data folder and what is kept in it, the address to hand out.
"""

import secrets
from pathlib import Path

from sqlalchemy import URL

from service.configuration.hosts import ANY, in_url, local_hosts, reached_by_others
from service.core.errors import SettingsError
from service.settings import Settings
from service.web.views import Exposure

_MIN_SECRET = 16


def database_url(settings: Settings) -> str:
    """Return the URL of the database: the one that was set, else an SQLite file in the data folder."""
    if settings.database_url:
        return settings.database_url.get_secret_value()
    # A folder may be named with signs that mean something in a URL.
    file = URL.create("sqlite", database=str(data_dir(settings) / "confcal.db"))
    return file.render_as_string(hide_password=False)


def data_dir(settings: Settings) -> Path:
    """
    Return the data folder, made for its owner alone where it is missing.

    Raises SettingsError where that cannot be done.
    """
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"CONFCAL_DATA_DIR: {settings.data_dir} cannot be made ({error.strerror}); name a writable folder"
        ) from error
    return settings.data_dir.resolve()


def secret_of(settings: Settings) -> bytes:
    """
    Return what feed addresses derive from; made once and kept in the data folder unless it is set.

    Raises SettingsError where the file can be neither read nor written.
    """
    if settings.secret:
        return settings.secret.get_secret_value().encode()
    path = data_dir(settings) / "secret"
    try:
        if not path.exists():
            _write_once(path, secrets.token_urlsafe(32) + "\n")
        secret = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"CONFCAL_SECRET: {path} cannot be used ({error}); make it readable or set CONFCAL_SECRET"
        ) from error
    if len(secret) < _MIN_SECRET:
        raise SettingsError(
            f"CONFCAL_SECRET: {path} is damaged; restore it, or delete it to give every feed a new address"
        )
    return secret.encode()


def _write_once(path: Path, text: str) -> None:
    """Write a file that only its owner reads; where another process is quicker, its file stays."""
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    partial.touch(mode=0o600)
    try:
        partial.write_text(text, encoding="ascii")
        # A link appears whole or not at all, and never over another.
        path.hardlink_to(partial)
    except FileExistsError:
        pass
    finally:
        partial.unlink()


def public_url(settings: Settings, port: int) -> str:
    """Return the address that feeds are handed out under."""
    if settings.public_url:
        return settings.public_url
    return f"http://{in_url(local_hosts(settings.host)[0])}:{port}"


def exposure(settings: Settings, url: str) -> Exposure | None:
    """Return what others in the network could overhear; None where they cannot."""
    if url.startswith("https:") or not reached_by_others(settings.host):
        return None
    return Exposure(settings.host or ANY, url)
