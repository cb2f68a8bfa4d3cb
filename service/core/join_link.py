"""
The address at which a person joins a conference: the server's own, or one from a template.
"""

import re

from service.core.conference import Conference, Key
from service.core.text import one_line

_MAX_URL = 2000
_PLACEHOLDER = re.compile(r"\{(server|id)\}")
# RFC 3986, 2: a URI may hold none of these, and each would end it early in some reader.
_URI = re.compile(r"https?://[!#-;=?-\[\]_a-z~%]+", re.ASCII | re.IGNORECASE)
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_HOST = re.compile(r"[a-z0-9.\-]+(:[0-9]{1,5})?|\[[0-9a-f:.]+\](:[0-9]{1,5})?", re.ASCII | re.IGNORECASE)

JOIN_URL = "https://{server}/c/{id}"
"""Where a conference is joined unless the server or the operator says otherwise (TrueConf, call strings)."""


def join_link(key: Key, conference: Conference, template: str = JOIN_URL) -> str:
    """
    Return the address that a person opens to join: the server's own, otherwise one from the template.

    It is a URI in ASCII whatever `key` and `conference` hold, if the template passed `check_template`. It is
    empty if neither address is known.
    """
    from_server = one_line(conference.url or "")
    if _is_uri(from_server):
        return from_server
    # No link is better than a link to a server that nobody named.
    return "" if "{server}" in template and not key.server else _fill(template, key.server, conference.id)


def check_template(template: str) -> str:
    """
    Return the template of join links unchanged.

    Raises ValueError, with a sentence for the operator, if it cannot make an address.
    """
    if "{id}" not in template:
        raise ValueError("it must say where the id goes, as in https://{server}/c/{id}")
    if not _is_uri(_fill(template, "server.example", "1")):
        raise ValueError(
            "it must be an http or https address in ASCII with nothing but {server} and {id} in braces"
        )
    return template


def _fill(template: str, server: str, conference_id: str) -> str:
    # Not str.format(): its fields reach into attributes, and filled-in text must not be expanded again.
    values = {"server": _authority(server), "id": _path_segment(conference_id)}
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


def _is_uri(text: str) -> bool:
    return len(text) <= _MAX_URL and _URI.fullmatch(text) is not None


def _authority(server: str) -> str:
    """Return a server's name as RFC 3986, 3.2 requires; the domain of an account comes from outside."""
    if _HOST.fullmatch(server):
        return server
    try:
        ascii_form = server.encode("idna").decode()
    except UnicodeError:
        ascii_form = server
    return ascii_form if _HOST.fullmatch(ascii_form) else _path_segment(server)


def _path_segment(text: str) -> str:
    # RFC 3986, 3.3. Ids were letters, digits and underscores on every server seen, but nobody guarantees it.
    if text.isascii() and text.isalnum():
        return text
    octets = text.encode(errors="replace")
    return "".join(chr(octet) if octet in _UNRESERVED else f"%{octet:02X}" for octet in octets)
