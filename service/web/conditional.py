"""
Conditional requests (RFC 9110, 13): whether the copy of the client is still current.
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_TAG = re.compile(rb'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def not_modified(
    if_none_match: bytes | None, if_modified_since: bytes | None, *, etag: bytes, changed_at: datetime
) -> bool:
    """
    Return whether a GET or HEAD is to be answered with 304.

    If-None-Match goes before If-Modified-Since (13.2.2) and compares weakly (13.1.2); an invalid
    date is ignored (13.1.3).
    """
    if if_none_match is not None:
        return names_etag(if_none_match, etag)
    if if_modified_since is None:
        return False
    since = _http_date(if_modified_since)
    return since is not None and changed_at.replace(microsecond=0) <= since


def names_etag(if_none_match: bytes, etag: bytes) -> bool:
    """Return whether an If-None-Match holds this ETag, compared weakly, or `*`."""
    return if_none_match.strip() == b"*" or etag in _TAG.findall(if_none_match)


def _http_date(value: bytes) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value.decode("ascii"))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
