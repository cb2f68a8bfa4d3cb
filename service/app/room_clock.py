"""
The difference between the clock of an endpoint and ours, from the date of its web page.
"""

from datetime import timedelta
from email.utils import parsedate_to_datetime

from service.app.check_daemon import Asker, NoAnswer
from service.app.clock import utc_now
from service.core.vevent import Translate

_TOLERATED = timedelta(minutes=2)
"""A smaller difference does not matter, and the header counts whole seconds."""


async def clock_note(url: str | None, asker: Asker, gettext: Translate) -> str:
    """
    Return a sentence where the clock of the endpoint at `url` differs from ours; empty where it does not.

    It is also empty where it is not known: a WebSocket address has no page, and not every page has a date.
    """
    if url is None or not url.startswith(("http://", "https://")):
        return ""
    try:
        said = (await asker.get(url)).headers.get("date", "")
        difference = parsedate_to_datetime(said) - utc_now()
    # A date without a zone cannot be compared: TypeError.
    except (NoAnswer, ValueError, TypeError):
        return ""
    if abs(difference) < _TOLERATED:
        return ""
    text = (
        gettext("its clock is %(minutes)d minutes ahead of this machine's: set both by NTP")
        if difference > timedelta()
        else gettext("its clock is %(minutes)d minutes behind this machine's: set both by NTP")
    )
    return text % {"minutes": round(abs(difference).total_seconds() / 60)}
