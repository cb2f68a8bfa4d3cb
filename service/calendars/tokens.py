"""
Secret addresses: a token derives from the secret, the calendar and its number of rotations.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from service.core.file_names import distinct, stem_of

_OCTETS = 24
"""192 bits, so that no rate of guessing matters."""


class LookupFailure(Enum):
    """Why a token is not accepted."""

    ROTATED = auto()
    UNKNOWN = auto()


def token_of(secret: bytes, calendar: str, generation: int) -> str:
    """Return the token of a calendar's feed: 32 characters of the URL-safe alphabet."""
    message = f"feed\n{generation}\n{calendar}".encode()
    return urlsafe_b64encode(hmac.digest(secret, message, "sha256")[:_OCTETS]).decode()


@dataclass(frozen=True, slots=True)
class Addresses:
    """
    The addresses of all calendars. Tokens are looked up by their digest, so timing reveals nothing.
    """

    public_url: str
    tokens: Mapping[str, str]
    """By calendar."""

    file_names: Mapping[str, str]
    """By calendar: what stands behind the token in the address that is handed out."""

    _spelled: Mapping[str, "_FeedToken"]
    _by_digest: Mapping[bytes, str | LookupFailure]

    @classmethod
    def of(
        cls,
        secret: bytes,
        generations: Mapping[str, int],
        public_url: str,
        *,
        previous: bytes | None = None,
    ) -> "Addresses":
        """Return the addresses of these calendars, each in its present generation."""
        return cls(public_url, {}, {}, {}, {}).renew(secret, generations, previous=previous)

    def renew(
        self,
        secret: bytes,
        generations: Mapping[str, int],
        gone: Mapping[str, int] | None = None,
        *,
        previous: bytes | None = None,
    ) -> "Addresses":
        """
        Return the addresses of these calendars from the same secrets; what stays is not computed again.

        The addresses of `gone`, calendars that no longer exist, stop working. `find` reports rotated
        addresses as such. What the `previous` secret gave leads to the same calendars.
        """
        secrets = (secret, previous) if previous else (secret,)
        spelled = {name: self._spell(secrets, name, count) for name, count in generations.items()}
        departed = {name: self._spell(secrets, name, count) for name, count in (gone or {}).items()}
        digests: dict[bytes, str | LookupFailure] = {
            digest: LookupFailure.ROTATED
            for each in (*departed.values(), *spelled.values())
            for digest in each.past
        }
        digests.update((digest, name) for name, each in spelled.items() for digest in each.present)
        tokens = {name: each.token for name, each in spelled.items()}
        file_names = distinct({name: each.stem for name, each in spelled.items()})
        return Addresses(self.public_url, tokens, file_names, {**departed, **spelled}, digests)

    def _spell(self, secrets: tuple[bytes, ...], name: str, generation: int) -> "_FeedToken":
        before = self._spelled.get(name)
        return before if before and before.generation == generation else _spell(secrets, name, generation)

    def find(self, token: str) -> str | LookupFailure:
        """Return the calendar of a token, or why there is none."""
        return self._by_digest.get(_digest(token), LookupFailure.UNKNOWN)

    def feed_url(self, calendar: str) -> str:
        """Return the https (or http) address of a calendar's feed."""
        return f"{self.public_url}/feeds/{self.tokens[calendar]}/{self.file_names[calendar]}"

    def page_url(self, calendar: str) -> str:
        """Return the address of a calendar's subscription page."""
        return f"{self.public_url}/calendars/{self.tokens[calendar]}"


@dataclass(frozen=True, slots=True)
class _FeedToken:
    generation: int
    token: str
    present: tuple[bytes, ...]
    """Digests of the token, and of the one that the previous secret gives."""

    past: tuple[bytes, ...]
    stem: str


def _spell(secrets: tuple[bytes, ...], calendar: str, generation: int) -> _FeedToken:
    tokens = [token_of(secret, calendar, generation) for secret in secrets]
    past = tuple(
        _digest(token_of(secret, calendar, before)) for secret in secrets for before in range(generation)
    )
    return _FeedToken(generation, tokens[0], tuple(map(_digest, tokens)), past, stem_of(calendar))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
