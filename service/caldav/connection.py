"""
The connection: it carries the requests of a conversation, and translates what goes wrong.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Generic, TypeVar

import httpx

from service.caldav.accounts import Account
from service.caldav.body import read_body
from service.caldav.conversation import Steps, require_private
from service.caldav.home import HomeMemory
from service.caldav.hrefs import host_of
from service.caldav.places import Places, entry_for, name_place, origin_of, parse_url
from service.caldav.protocol import Request, Response
from service.caldav.tls_refusals import require_tls_accepted
from service.caldav.tokens import MOST_OCTETS as TOKEN_OCTETS
from service.caldav.turns import LargeAnswers, Turn
from service.caldav.unauthorized import explain_unauthorized
from service.caldav.unreachable import translate_errors, unusable
from service.caldav.xml import MOST_OCTETS
from service.core.clock import Clock
from service.core.errors import ConfcalError, CredentialsRefused, PlaceNotTrusted
from service.core.lease import require_lease

T = TypeVar("T")

_UNAUTHORIZED = 401
_WHOLE_ANSWER = 4
"""How many timeouts one answer may take as a whole, however slowly it arrives."""

_QUICK_OCTETS = 32 * 1024
"""Bodies that are parsed within a few milliseconds."""

_IN_ANSWER = "in an answer"
_UNCHANGED = httpx.Auth()
"""Changes nothing of a request, even if its address holds a user name."""


class Connection:
    """
    The connection of one target to its server, with credentials. It requests nothing outside of `places`.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        places: Places,
        auth: httpx.Auth | None,
        timeout: timedelta,
        clock: Clock,
        account: Account | None = None,
        large: LargeAnswers | None = None,
    ) -> None:
        self._http = http
        self._places = places
        self._auth = auth
        self._timeout = timeout
        self._clock = clock
        self._account = account or Account(clock)
        self._large = large or LargeAnswers()
        self.homes = HomeMemory(clock)
        """What all collections of the target know of their home."""

    async def close(self) -> None:
        """Close what is open to the server."""
        await self._http.aclose()

    def reopen(self, open_again: Callable[[], httpx.AsyncClient]) -> None:
        """Make a closed connection usable again; one that is open stays as it is."""
        if self._http.is_closed:
            self._http = open_again()

    def permit_try(self) -> None:
        """Let credentials that the server refused be shown once more now, and its home be listed again."""
        self._account.permit_try()
        self.homes.forget()

    def confine(self) -> "Connection":
        """Return the same connection without the numbered hosts of a quirk."""
        confined = Connection(
            self._http,
            places=replace(self._places, partitions=False),
            auth=self._auth,
            timeout=self._timeout,
            clock=self._clock,
            account=self._account,
            large=self._large,
        )
        confined.homes = self.homes
        return confined

    def trusts(self, url: str) -> bool:
        """Return whether requests may go to this address."""
        try:
            return self._places.include(url)
        except (httpx.InvalidURL, UnicodeError):
            return False

    def require_trusted(self, url: str) -> None:
        """Raise Fatal where requests may not go to an address that an answer named."""
        self._require_trusted(Request("", url))

    async def run(self, steps: Steps[T]) -> T:
        """
        Carry a conversation to its end. Raises Retryable, Fatal, and what the conversation raises.

        No other error is raised, whatever a server sends: it would end the daemon.
        """
        request: Request | None = None
        try:
            step = _start(steps)
            while not isinstance(step, _Finished):
                request = step
                async with self._large.turn() as turn:
                    step = await self._continue(steps, await self._send_in_turn(request, turn), turn)
        except CredentialsRefused as error:
            if error.delay_seconds is not None or request is None:
                raise
            raise self._account.note_refused(request, str(error)) from error
        except ConfcalError:
            raise
        except Exception as error:
            raise unusable(host_of(self._places.url), error) from error
        else:
            result: T = step.result
            return result
        finally:
            # After a cancellation a thread may still be reading the answer.
            with suppress(ValueError):
                steps.close()

    async def _continue(self, steps: Steps[T], response: Response, turn: Turn) -> "Request | _Finished[T]":
        if len(response.body) < _QUICK_OCTETS:
            return _advance(steps, response)
        # Parsing XML takes time, and nothing else should wait for it.
        return await turn.outside(partial(_advance, steps, response))

    async def send(self, request: Request) -> Response:
        """Send one request. Raises Retryable and Fatal where it is not answered, or may not be sent."""
        async with self._large.turn() as turn:
            return await self._send_in_turn(request, turn)

    async def _send_in_turn(self, request: Request, turn: Turn) -> Response:
        place, note = self._require_trusted(request)
        async with self._account.lend():
            try:
                with translate_errors(place, note):
                    async with asyncio.timeout(self._timeout.total_seconds() * _WHOLE_ANSWER):
                        response = await self._exchange(request, place, turn)
            except CredentialsRefused as error:
                raise self._account.note_refused(request, str(error)) from error
            if response.status == _UNAUTHORIZED:
                raise self._refuse_credentials(request, response)
            require_tls_accepted(response, place)
            if response.good:
                self._account.note_accepted(request)
            return response

    def _require_trusted(self, request: Request) -> tuple[str, str]:
        """Return the place that is asked, and the end of error texts about it. Raises Fatal."""
        require_private(self._places.url, request.url, request.sent_by or _IN_ANSWER)
        with translate_errors(host_of(request.url)):
            ours, theirs = origin_of(self._places.url), origin_of(request.url)
            included = self._places.include(request.url)
        how = request.sent_by or _IN_ANSWER
        if not included:
            entry = entry_for(theirs)
            raise PlaceNotTrusted(
                f"{name_place(ours)} sends us on to {name_place(theirs)} ({how}), and the credentials are "
                f"not for that place: set TRUSTED_HOSTS={entry}, "
                "or name its address in URL if it is the right one",
                entry,
            )
        return name_place(theirs), "" if ours == theirs else f"; the server sent us there ({how})"

    def _refuse_credentials(self, request: Request, response: Response) -> CredentialsRefused:
        text = explain_unauthorized(response, self._auth)
        return self._account.note_refused(request, text)

    async def _exchange(self, request: Request, place: str, turn: Turn) -> Response:
        """
        Send the request, and what the credentials need: a second try, or a new token.

        httpx would read the answers to those without a limit.
        """
        built = self._http.build_request(
            request.method,
            parse_url(request.url),
            headers=dict(request.headers),
            content=request.body or None,
        )
        flow = (self._auth or _UNCHANGED).async_auth_flow(built)
        try:
            sent = await anext(flow)
            while True:
                most_octets = MOST_OCTETS if sent is built else TOKEN_OCTETS
                whole = await self._read_whole(sent, place, most_octets, turn)
                try:
                    sent = await flow.asend(whole)
                except StopAsyncIteration:
                    break
        finally:
            await flow.aclose()
        headers = {name.lower(): value for name, value in whole.headers.items()}
        return Response(whole.status_code, request.url, self._clock(), headers, whole.content)

    async def _read_whole(
        self, sent: httpx.Request, place: str, most_octets: int, turn: Turn
    ) -> httpx.Response:
        # A part whose lease ran out while it waited leaves the collection to the next holder.
        require_lease()
        response = await self._http.send(sent, auth=_UNCHANGED, stream=True)
        try:
            body = await read_body(response, place=place, most_octets=most_octets, turn=turn)
        finally:
            await response.aclose()
        return httpx.Response(response.status_code, headers=response.headers, content=body, request=sent)


@dataclass(frozen=True, slots=True)
class _Finished(Generic[T]):
    """The end of a conversation."""

    result: T


def _start(steps: Steps[T]) -> "Request | _Finished[T]":
    try:
        return next(steps)
    except StopIteration as finished:
        return _Finished(finished.value)


def _advance(steps: Steps[T], response: Response) -> "Request | _Finished[T]":
    # A StopIteration cannot leave a thread.
    try:
        return steps.send(response)
    except StopIteration as finished:
        return _Finished(finished.value)
