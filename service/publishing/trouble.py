"""
Lasting trouble of a target: logged once, then as a growing count.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from service.core.errors import ConfcalError

_MOST_TEXTS = 20


@dataclass(frozen=True, slots=True)
class Trouble:
    """
    The failures of a target since it last worked.
    """

    since: datetime
    times: int = 0
    """How often it failed."""

    error: ConfcalError | None = None
    texts: tuple[str, ...] = ()
    """What the log already says about it."""

    news: bool = False
    """Whether to log the last failure: its text is new, or the count is a power of ten."""

    def count_failure(self, error: ConfcalError) -> "Trouble":
        """Return the trouble with one more failure. The same error without another try does not count."""
        if error is self.error:
            return replace(self, news=False)
        text, times = str(error), self.times + 1
        news = text not in self.texts or _is_power_of_ten(times)
        texts = self.texts if text in self.texts else (*self.texts, text)[-_MOST_TEXTS:]
        return Trouble(self.since, times, error, texts, news)


def _is_power_of_ten(number: int) -> bool:
    return number > 1 and str(number).rstrip("0") == "1"
