"""
Addresses on a CalDAV server: how they are compared, and where credentials may go.
"""

import re
from hashlib import sha256
from urllib.parse import quote, unquote, urljoin, urlsplit

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_SLASH = re.compile("%2f", re.IGNORECASE)
_LONGEST = 200
"""Characters of a file name; every server takes some more."""

_PORTS = {"http": 80, "https": 443}


def path_of(href: str) -> str:
    """
    Return the decoded path of an href, absolute or relative: two hrefs are compared by it.

    An encoded slash stays encoded: it is part of a name and does not separate two.
    """
    # Servers turn `@` into `%40` and back, and write hexadecimal digits in either case.
    return unquote(_SLASH.sub("%252F", urlsplit(href).path))


def join_url(base: str, href: str) -> str | None:
    """Return the address that `href` means in an answer from `base`; None where it is not an address."""
    try:
        url = urljoin(base, href)
        origin(url)
    except ValueError:
        # Brackets that do not close, a port that is not a number.
        return None
    return url


def resource_href(collection_url: str, uid: str) -> str:
    """Return the decoded path of a new resource: `<uid>.ics`, or only the safe characters of it."""
    name = _UNSAFE.sub("-", uid)[:_LONGEST]
    return path_of(collection_url).rstrip("/") + f"/{name}.ics"


def url_of(collection_url: str, path: str) -> str:
    """Return the address of a decoded path on the server of a collection."""
    return urljoin(collection_url, quote(path, safe="/@:+,;=!$&'()*~").replace("%252F", "%2F"))


def as_collection(url: str) -> str:
    """Return the address with the slash that collections end in (Fastmail insists on it)."""
    return url if url.endswith("/") else url + "/"


def origin(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme, 0)


def host_of(url: str) -> str:
    """Return the host, for texts."""
    return urlsplit(url).hostname or "?"


def credentials_may_go(trusted: str, url: str, partition_hosts: re.Pattern[str] | None = None) -> bool:
    """
    Return whether credentials meant for `trusted` may go to `url`.

    They may go to the same origin, to the same host when it moves from http to https on the default ports,
    and over https to hosts that a quirk names.
    """
    ours, theirs = origin(trusted), origin(url)
    if ours == theirs:
        return True
    upgraded = ("http", ours[1], 80) == ours and ("https", ours[1], 443) == theirs
    partition = partition_hosts is not None and bool(partition_hosts.fullmatch(theirs[1]))
    return upgraded or (partition and ours[0] == theirs[0] == "https" and theirs[2] == ours[2])


def slug(name: str) -> str:
    """
    Return a name for a new collection that every server takes: Cyrus refuses dots and umlauts.

    A digest keeps names apart that differ only in other characters.
    """
    safe = _UNSAFE.sub("-", name).strip("-")
    if safe and name.isascii() and len(safe) <= _LONGEST:
        return safe
    digest = sha256(name.encode()).hexdigest()[:8]
    return f"{safe[: _LONGEST - 9] or 'confcal'}-{digest}"
