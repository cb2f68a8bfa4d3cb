"""
The errors of sockets and of the WebSocket library, translated once into sentences for the operator.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, WebSocketException

from service.trueconf.discovery import DiscoveryFailed


class Lost(Exception):
    """The connection ended or was never made; the text is one sentence, without secrets."""

    def __init__(self, reason: str, *, pin_rejected: bool = False) -> None:
        super().__init__(reason)
        self.pin_rejected = pin_rejected


class Direct(connect):
    """
    `connect` that stays where it was sent: a redirect is an error like any other status.

    The PIN goes to the host in the settings, not to one that somebody in between names.
    """

    def process_redirect(self, exc: Exception) -> Exception | str:
        """See connect."""
        return exc


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turn whatever the network throws within the block into Lost; `place` is host and port."""
    try:
        yield
    except DiscoveryFailed as error:
        raise Lost(str(error)) from error
    except ConnectionClosed as error:
        raise Lost(f"{place} closed the connection: {error}") from error
    except InvalidHandshake as error:
        raise Lost(f"{place} does not answer as a TrueConf WebSocket: {error}; check the port") from error
    except TimeoutError as error:
        raise Lost(f"{place} did not answer in time; is TrueConf Room running there?") from error
    except (OSError, WebSocketException) as error:
        raise Lost(f"{place} cannot be reached: {error}; is TrueConf Room running there?") from error
    except (ValueError, LookupError) as error:
        # What a library makes of an answer that no server should give must not end the other sources.
        raise Lost(
            f"{place} answers what nobody can read ({type(error).__name__}); check the port"
        ) from error
