"""
Secrets with a mark each, and the search for the marks in what the program says.
"""

import base64
import re
import urllib.parse
from collections.abc import Iterator

MARKS = {
    "SECRET": "MARK-1 secret of the feeds",
    "ADMIN_TOKEN": "MARK-2 token of the admin",
    "SOURCES__LOBBY__PIN": "MARK3pin",
    "SOURCES__ANNEX__PIN": "MARK4pin",
    "SOURCES__HALL__INGEST_TOKEN": "MARK-5 token of the hall",
    "TARGETS__CLOUD__PASSWORD": "MARK-6 password of the cloud",
    "TARGETS__BEARER__TOKEN": "MARK-7-token-of-the-bearer",
    "NOTIFY__OPS__URL": "json://user:MARK-8-of-notify@127.0.0.1:9/path",
    # As TrueConf Room's screen shows it.
    "SOURCES__SCREEN__URL": "http://127.0.0.1:9/MARK9pin",
}


def spellings(secret: str) -> Iterator[str]:
    yield secret
    yield urllib.parse.quote(secret)
    yield urllib.parse.quote_plus(secret)
    yield secret.encode().hex()
    # Basic credentials shift it by what stands before.
    for before in ("", "a", "ab", "confcal:"):
        yield base64.b64encode((before + secret).encode()).decode().rstrip("=")[2:-3]


def shown(text: str) -> list[str]:
    """Name the secrets that a text shows."""
    return [
        name
        for name, value in MARKS.items()
        if any(spelling in text for spelling in spellings(bare_of(value)))
    ]


def bare_of(value: str) -> str:
    """Return the secret of a setting; of an address it is a part."""
    found = re.search(r"MARK[\w-]+", value)
    return found[0] if found and "://" in value else value


class Said:
    """What the program said, by where."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def note(self, where: str, text: str) -> None:
        self.texts[where] = text

    @property
    def leaks(self) -> dict[str, list[str]]:
        return {where: found for where, text in self.texts.items() if (found := shown(text))}
