"""
Paths and addresses: the data folder, the database, the secret, and the public address.
"""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from sqlalchemy import URL

from service.core.errors import NoSecret, SettingsError
from service.core.exposure import Exposure
from service.settings.hosts import ANY, in_url, is_reachable_by_others, local_hosts
from service.settings.model import Settings
from service.settings.secret_file import write_once
from service.store.address import describe
from service.store.engine import file_of
from service.store.ownership import describe_owner

_MIN_SECRET = 16


def database_url(settings: Settings) -> str:
    """
    Return the URL of the database: the one that was set, else an SQLite file in the data folder.

    Raises SettingsError where it is not an address, or names a file by a relative path.
    """
    if settings.database_url:
        url = settings.database_url.get_secret_value()
        chosen = file_of(url)
        if chosen and not chosen.is_absolute():
            raise SettingsError(
                "CONFCAL_DATABASE_URL: it names a relative file, so each command would mean another one; "
                "write it with four slashes, like sqlite:////var/lib/confcal/confcal.db"
            )
        return url
    # The name of a folder may have characters with a meaning in URLs.
    file = URL.create("sqlite", database=str(data_dir(settings) / "confcal.db"))
    return file.render_as_string(hide_password=False)


def database_name(settings: Settings) -> str:
    """Return which database the settings name, for a person: the password masked."""
    return describe(database_url(settings))


def data_dir(settings: Settings) -> Path:
    """Return the data folder, which may be missing. Raises SettingsError where none is known."""
    if settings.data_dir is None:
        raise SettingsError(
            "CONFCAL_DATA_DIR is missing, and there is no home folder to put it in: "
            "set CONFCAL_DATA_DIR, like /var/lib/confcal"
        )
    try:
        return settings.data_dir.resolve()
    except (OSError, RuntimeError) as error:
        raise SettingsError(
            f"CONFCAL_DATA_DIR: {settings.data_dir} leads nowhere ({error}); name a folder"
        ) from error


def make_installation(settings: Settings) -> None:
    """
    Make what the daemon needs in addition to its database: a private data folder, and the secret.

    Only `run`, `migrate`, `demo` and `replay --new` do so: any other command would hide that it uses another
    folder than the daemon. Raises SettingsError.
    """
    if settings.database_url is None or settings.secret is None:
        _make_data_dir(data_dir(settings))
    if settings.secret is None:
        path = data_dir(settings) / "secret"
        try:
            if not path.exists():
                write_once(path, secrets.token_urlsafe(32) + "\n")
        except OSError as error:
            raise _unusable_secret(path, error) from error


def _make_data_dir(folder: Path) -> None:
    try:
        # `parents=True` would make the folders above it without the mode.
        for missing in reversed([each for each in folder.parents if not each.exists()]):
            missing.mkdir(mode=0o700, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        if _is_ours_alone(folder):
            # Some volumes have no modes; `warnings_of` reports what others can read.
            with suppress(PermissionError):
                folder.chmod(0o700)
    except OSError as error:
        raise SettingsError(
            f"CONFCAL_DATA_DIR: {folder} cannot be made ({error.strerror}; {describe_owner(folder)}); "
            "name a writable folder"
        ) from error


def _is_ours_alone(folder: Path) -> bool:
    # /tmp and a home stay open to those who share them.
    found = folder.stat()
    shared = found.st_mode & stat.S_ISVTX or folder.parent == folder or folder == _home()
    return found.st_uid == os.geteuid() and not shared


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:
        return None


def secret_of(settings: Settings) -> bytes:
    """
    Return the secret that feed addresses derive from: the one that was set, else that in the data folder.

    Raises SettingsError where there is none or it cannot be read.
    """
    if settings.secret:
        return settings.secret.get_secret_value().encode()
    path = data_dir(settings) / "secret"
    try:
        secret = path.read_text(encoding="ascii").strip()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NoSecret(f"There is no secret in {path}: is CONFCAL_DATA_DIR the daemon's?") from error
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable_secret(path, error) from error
    if len(secret) < _MIN_SECRET:
        raise SettingsError(
            f"CONFCAL_SECRET: {path} is damaged; restore it, or delete it to give every feed a new address"
        )
    return secret.encode()


def has_secret(settings: Settings) -> bool:
    """Return whether a secret was set or made, even one that cannot be used."""
    return settings.secret is not None or (
        settings.data_dir is not None and (settings.data_dir / "secret").exists()
    )


def _unusable_secret(path: Path, error: Exception) -> SettingsError:
    reason = error.strerror if isinstance(error, OSError) else "it is not text"
    return SettingsError(
        f"CONFCAL_SECRET: {path} cannot be used ({reason}; {describe_owner(path)}); "
        "let confcal's user read it, or set CONFCAL_SECRET"
    )


def public_url(settings: Settings, port: int) -> str:
    """Return the address at which people reach the feeds."""
    if settings.public_url:
        return settings.public_url
    return f"http://{in_url(local_hosts(settings.host)[0])}:{port}"


def exposure(settings: Settings, url: str) -> Exposure | None:
    """Return what others in the network could overhear; None where they cannot."""
    if url.startswith("https:") or not is_reachable_by_others(settings.host):
        return None
    return Exposure(settings.host or ANY, url)
