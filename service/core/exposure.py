"""
Whether others in the network can read along on the way to the daemon.
"""

from dataclasses import dataclass

from service.core.vevent import Translate


@dataclass(frozen=True, slots=True)
class Exposure:
    """
    Others in the network can read along: the daemon listens there and hands out `http://` addresses.
    """

    host: str
    url: str

    def describe(self, gettext: Translate = str) -> str:
        """Return the sentence with its remedy; in English where nothing translates it."""
        text = gettext(
            "confcal listens on %(host)s and hands out plain %(url)s: secret addresses and the admin token "
            "can be read on the way; put a reverse proxy with TLS in front and set "
            "CONFCAL_PUBLIC_URL=https://..."
        )
        return text % {"host": self.host, "url": self.url}
