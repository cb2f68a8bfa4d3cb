"""
Digest authentication (RFC 7616, and RFC 2617 for servers without qop).
"""

import hashlib
import re
import secrets
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from urllib.parse import quote

import httpx
from typing_extensions import override

from service.caldav.challenges import Challenge, parse_challenges
from service.caldav.hrefs import host_of
from service.core.errors import Fatal

_UNAUTHORIZED = 401
_SESSION = "-sess"
_HASHES = {"SHA-512-256": "sha512_256", "SHA-256": "sha256", "MD5": "md5"}
"""The strongest first."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class DigestChallenge:
    """
    A challenge that can be answered.
    """

    realm: str
    nonce: str
    algorithm: str = "MD5"
    qop: str = ""
    """`auth`, or empty for servers that know no qop."""

    opaque: str | None = None
    userhash: bool = False
    utf8: bool = True
    named: bool = True
    """Whether the server named the algorithm: only then is it named in the answer."""

    @property
    def _hash(self) -> str:
        return _HASHES[self.algorithm.removesuffix(_SESSION)]

    def authorization(
        self, username: str, password: str, *, method: str, uri: str, count: int, cnonce: str
    ) -> str:
        """Return the header that authenticates a user, for the `count`-th request with this nonce."""
        name, realm = self._octets(username), self._octets(self.realm)
        a1 = self._digest(b":".join((name, realm, self._octets(password))))
        if self.algorithm.endswith(_SESSION):
            a1 = self._digest(f"{a1}:{self.nonce}:{cnonce}".encode())
        a2 = self._digest(f"{method}:{uri}".encode())
        parts = [a1, self.nonce, *([f"{count:08x}", cnonce, self.qop] if self.qop else []), a2]
        response = self._digest(":".join(parts).encode())
        fields = [*self._user(username, name + b":" + realm), f"realm={_quote(self.realm)}"]
        fields += [f"nonce={_quote(self.nonce)}", f"uri={_quote(uri)}", f'response="{response}"']
        if self.named:
            fields.append(f"algorithm={self.algorithm}")
        if self.opaque is not None:
            fields.append(f"opaque={_quote(self.opaque)}")
        if self.qop:
            fields += [f"qop={self.qop}", f"nc={count:08x}"]
        if self.qop or self.algorithm.endswith(_SESSION):
            fields.append(f'cnonce="{cnonce}"')
        return "Digest " + ", ".join(fields)

    def _user(self, username: str, with_realm: bytes) -> list[str]:
        if self.userhash:
            return [f'username="{self._digest(with_realm)}"', "userhash=true"]
        if username.isascii():
            return [f"username={_quote(username)}"]
        if self.utf8:
            return [f"username*=UTF-8''{quote(username, safe='')}"]
        return [f"username={_quote(username)}"]

    def _octets(self, text: str) -> bytes:
        # Servers that name no charset accept UTF-8 more often than Latin-1, which browsers once sent.
        return text.encode("utf-8")

    def _digest(self, data: bytes) -> str:
        return hashlib.new(self._hash, data, usedforsecurity=False).hexdigest()


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def choose_challenge(challenges: list[Challenge], host: str) -> DigestChallenge:
    """
    Return the strongest challenge that can be answered.

    Raises Fatal, with what the server asks for instead.
    """
    digests = [each for each in challenges if each.scheme == "digest"]
    if not digests:
        others = ", ".join(sorted({each.scheme.capitalize() for each in challenges})) or "nothing"
        advice = ": set AUTH=basic" if any(each.scheme == "basic" for each in challenges) else ""
        raise Fatal(f"{host} does not ask for Digest but for {others}{advice}")
    problems = []
    answerable = []
    for each in digests:
        problem = _find_problem(each)
        if problem:
            problems.append(problem)
        else:
            answerable.append(_to_digest_challenge(each))
    if not answerable:
        raise Fatal(f"{host} asks for Digest {problems[0]}: correct that there, or set another AUTH")
    order = list(_HASHES)
    return min(answerable, key=lambda each: order.index(each.algorithm.removesuffix(_SESSION)))


def _find_problem(challenge: Challenge) -> str:
    """Return why a challenge cannot be answered; empty where it can."""
    given = challenge.parameters
    algorithm = given.get("algorithm", "MD5").upper().removesuffix(_SESSION.upper())
    known = _HASHES.get(algorithm)
    if known is None or known not in hashlib.algorithms_available:
        # Only letters, digits and hyphens of what the server wrote are quoted.
        word = re.sub(r"[^A-Za-z0-9-]", "", given.get("algorithm", ""))[:32]
        return f"with the algorithm {word or '?'}, which is not known here"
    if "nonce" not in given or "realm" not in given:
        return "without a nonce or a realm"
    if any(_CONTROL.search(value) or not value.isascii() for name, value in given.items() if name != "realm"):
        return "with characters that no challenge may have"
    if _CONTROL.search(given["realm"]):
        return "with characters that no realm may have"
    if "qop" in given and "auth" not in _qops(given["qop"]):
        return "with qop=auth-int only, which is not known here"
    return ""


def _qops(value: str) -> set[str]:
    return {word.strip().lower() for word in value.split(",")}


def _to_digest_challenge(challenge: Challenge) -> DigestChallenge:
    given = challenge.parameters
    algorithm = given.get("algorithm", "MD5").upper()
    session = _SESSION if algorithm.endswith(_SESSION.upper()) else ""
    return DigestChallenge(
        given["realm"],
        given["nonce"],
        algorithm.removesuffix(_SESSION.upper()) + session,
        qop="auth" if "qop" in given else "",
        opaque=given.get("opaque"),
        userhash=given.get("userhash", "").lower() == "true",
        utf8=given.get("charset", "").lower() == "utf-8",
        named="algorithm" in given,
    )


def _new_cnonce() -> str:
    return secrets.token_hex(16)


class DigestAuth(httpx.Auth):
    """
    Answers challenges; one nonce serves as many requests as the server allows.
    """

    def __init__(self, username: str, password: str, cnonce: Callable[[], str] = _new_cnonce) -> None:
        self._username = username
        self._password = password
        self._new_cnonce = cnonce
        self._challenge: DigestChallenge | None = None
        self._cnonce = ""
        self._count = 0

    @override
    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """
        Send a request, and again with an answer to a challenge.

        Raises Fatal where none can be answered.
        """
        if self._challenge:
            self._show(request, self._challenge)
        response = yield request
        if response.status_code != _UNAUTHORIZED:
            return
        # The first request had no nonce, or one that the server may have forgotten.
        self._show(request, self._accept(response))
        response = yield request
        if not self._is_stale(response):
            return
        self._show(request, self._accept(response))
        response = yield request
        if self._is_stale(response):
            host = host_of(str(request.url))
            raise Fatal(f"{host} calls every Digest nonce too old, its own newest too: correct that there")

    def _show(self, request: httpx.Request, challenge: DigestChallenge) -> None:
        self._count += 1
        # A realm may have any letters, and is sent back unchanged.
        request.headers.encoding = "utf-8"
        request.headers["Authorization"] = challenge.authorization(
            self._username,
            self._password,
            method=request.method,
            uri=request.url.raw_path.decode("ascii"),
            count=self._count,
            cnonce=self._cnonce,
        )

    def _is_stale(self, response: httpx.Response) -> bool:
        """
        Return whether only the nonce was too old; otherwise the password is wrong, and is not sent again.
        """
        if response.status_code != _UNAUTHORIZED:
            return False
        digests = [each.parameters for each in self._parse_offers(response) if each.scheme == "digest"]
        return any(each.get("stale", "").lower() == "true" for each in digests)

    def _accept(self, response: httpx.Response) -> DigestChallenge:
        challenge = choose_challenge(self._parse_offers(response), host_of(str(response.request.url)))
        if challenge != self._challenge:
            # The count of a nonce goes on: the server would take a repeated number for a replay.
            self._challenge, self._cnonce, self._count = challenge, self._new_cnonce(), 0
        return challenge

    def _parse_offers(self, response: httpx.Response) -> list[Challenge]:
        try:
            return parse_challenges(", ".join(response.headers.get_list("www-authenticate")))
        except ValueError as error:
            host = host_of(str(response.request.url))
            raise Fatal(
                f"{host} asks for Digest with a challenge that is too long: correct that there"
            ) from error
