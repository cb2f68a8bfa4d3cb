"""
The commands that wait to be sent to an endpoint.
"""

from itertools import count

import msgspec


class Requests:
    """
    Queues commands, each once: an answer under way to a command not yet sent would be the same.
    """

    def __init__(self) -> None:
        self._ids = count(1)
        self._waiting: dict[str, bytes] = {}

    def add(self, command: str, **arguments: str) -> None:
        """Queue a command."""
        if command not in self._waiting:
            request = {"method": command, "requestId": str(next(self._ids)), **arguments}
            self._waiting[command] = msgspec.json.encode(request)

    def take(self) -> list[bytes]:
        """Return the commands as JSON text in UTF-8, in order; they are not returned again."""
        commands = list(self._waiting.values())
        self._waiting.clear()
        return commands
