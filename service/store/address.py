"""
The address of a database as an operator writes it, checked before anybody connects to it.
"""

import re
import ssl
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from service.core.errors import SettingsError

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}

_MODE = "ssl"
_AUTHORITY, _CERTIFICATE, _KEY = "sslrootcert", "sslcert", "sslkey"
_POOLING = "prepared_statement_cache_size"

_PARAMETERS = {
    "sqlite": frozenset({"timeout"}),
    "postgresql": frozenset({"host", "port", _MODE, "sslmode", _AUTHORITY, _CERTIFICATE, _KEY, _POOLING}),
}
"""The parameters that an address may have. With any other, a driver would fail with a traceback."""

_NUMBERS = {"timeout": r"\d+(\.\d+)?", "port": r"\d+", _POOLING: r"\d+"}

_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_HOST = re.compile(r"[\w.-]+|[\da-f]*:[\da-f:.]*(%\w+)?", re.IGNORECASE)
_LAST_PORT = 65535
_VERIFYING = ("verify-ca", "verify-full")


def address_of(url: str) -> URL:
    """
    Return the address with its driver; the scheme may be libpq's or SQLAlchemy's.

    Raises SettingsError where it is not an address of a database.
    """
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        # Neither the text nor the chained error is shown: both may hold the password.
        raise SettingsError(
            "CONFCAL_DATABASE_URL is not an address: write sqlite:////directory/confcal.db "
            "or postgresql://user:password@host/database"
        ) from None
    driver = _DRIVERS.get(address.drivername)
    if driver is None:
        raise SettingsError(
            f"CONFCAL_DATABASE_URL names {address.drivername}: "
            "confcal keeps its state in sqlite or postgresql, so begin it with one of them"
        )
    return _check(address.set(drivername=driver))


def describe(url: str) -> str:
    """Return which database an address names: its file, or the address with the password masked."""
    address = address_of(url)
    if address.get_backend_name() == "sqlite":
        return address.database or ""
    return address.set(drivername="postgresql").render_as_string(hide_password=True)


def without_tls_files(address: URL) -> URL:
    """Return the address for the driver, without the names of files: `tls_context` reads those."""
    return address.difference_update_query([_AUTHORITY, _CERTIFICATE, _KEY])


def tls_context(address: URL) -> ssl.SSLContext | None:
    """
    Return how the server's certificate is checked, where the address names files; else the driver decides.

    Raises SettingsError where a file cannot be used.
    """
    authority, certificate = _parameter(address, _AUTHORITY), _parameter(address, _CERTIFICATE)
    if not authority and not certificate:
        return None
    mode = _parameter(address, _MODE)
    if authority and mode not in _VERIFYING:
        raise SettingsError(
            f"CONFCAL_DATABASE_URL: {_AUTHORITY} only counts where the certificate is checked; "
            "add sslmode=verify-full"
        )
    if certificate and mode not in {"require", *_VERIFYING}:
        raise SettingsError(f"CONFCAL_DATABASE_URL: {_CERTIFICATE} needs TLS; add sslmode=verify-full")
    if mode in _VERIFYING and not authority:
        raise SettingsError(
            f"CONFCAL_DATABASE_URL: sslmode={mode} needs to know who signs the server's certificate; "
            f"add {_AUTHORITY}=/path/to/root.pem, or {_AUTHORITY}=system for the machine's authorities"
        )
    context = _context(authority)
    context.check_hostname = mode == "verify-full"
    context.verify_mode = ssl.CERT_REQUIRED if mode in _VERIFYING else ssl.CERT_NONE
    if certificate:
        _load_certificate(context, certificate, _parameter(address, _KEY))
    return context


def _context(authority: str) -> ssl.SSLContext:
    if authority in {"", "system"}:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=authority)
    except OSError as error:
        raise _unusable(_AUTHORITY, authority, error) from error


def _load_certificate(context: ssl.SSLContext, certificate: str, key: str) -> None:
    try:
        # A password is never asked for on the terminal: a daemon has none.
        context.load_cert_chain(certificate, key or None, password=lambda: "")
    except OSError as error:
        at_fault = key if key and Path(certificate).exists() and not Path(key).exists() else certificate
        raise _unusable(_KEY if at_fault is key else _CERTIFICATE, at_fault, error) from error


def _unusable(parameter: str, file: str, error: OSError) -> SettingsError:
    missing = not isinstance(error, ssl.SSLError) and error.strerror
    reason = missing or "it holds no usable certificate"
    return SettingsError(
        f"CONFCAL_DATABASE_URL: {parameter} names {file}, which cannot be used ({reason}); "
        "name a PEM file that confcal may read"
    )


def _parameter(address: URL, parameter: str) -> str:
    return str(address.query.get(parameter, ""))


def _check(address: URL) -> URL:
    backend = address.get_backend_name()
    if backend == "sqlite" and address.database in (None, "", ":memory:"):
        raise SettingsError("CONFCAL_DATABASE_URL names no file: write sqlite:////directory/confcal.db")
    if address.host:
        _check_host(address.host)
    if address.port is not None and not 0 < address.port <= _LAST_PORT:
        raise SettingsError(f"CONFCAL_DATABASE_URL: its port is none; write one from 1 to {_LAST_PORT}")
    unknown = sorted(set(address.query) - _PARAMETERS[backend])
    if unknown:
        allowed = ", ".join(sorted(_PARAMETERS[backend]))
        raise SettingsError(f"CONFCAL_DATABASE_URL: {unknown[0]} is not known; an address may have {allowed}")
    for parameter, form in _NUMBERS.items():
        if parameter in address.query and not re.fullmatch(form, str(address.query[parameter])):
            raise SettingsError(f"CONFCAL_DATABASE_URL: {parameter} is not a number; write one like 15")
    return _with_one_mode(address)


def _check_host(host: str) -> None:
    """Raise SettingsError for what is no host, without repeating it: it may be part of a password."""
    if "@" in host:
        raise SettingsError("CONFCAL_DATABASE_URL: an @ in the user or the password is written as %40")
    if not _HOST.fullmatch(host):
        raise SettingsError(
            "CONFCAL_DATABASE_URL: its host or port cannot be read; "
            "write postgresql://user:password@host:5432/database"
        )


def _with_one_mode(address: URL) -> URL:
    """
    Return the address with asyncpg's `ssl` in place of libpq's `sslmode`, which managed databases hand out.
    """
    # Statements are not kept under a name, so the size of their cache has no effect.
    address = address.difference_update_query([_POOLING])
    for parameter in ("sslmode", _MODE):
        if parameter in address.query and address.query[parameter] not in _MODES:
            raise SettingsError(
                f"CONFCAL_DATABASE_URL: {parameter} is not understood; write one of {', '.join(_MODES)}"
            )
    if "sslmode" in address.query:
        mode = address.query["sslmode"]
        address = address.difference_update_query(["sslmode"]).update_query_dict({_MODE: mode})
    return address
