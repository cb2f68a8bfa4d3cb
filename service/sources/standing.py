"""
The standing of a source: the status that is shown, and which changes deserve a log line.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from service.core.clock import Clock
from service.core.conference import Account
from service.core.sources import IN_TROUBLE, SourceState
from service.sources.connection import ConnectionLost
from service.sources.hooks import SourceHooks
from service.sources.status import SourceStatus
from service.sources.trouble import Trouble

_BETWEEN_SAME_WARNINGS: Final = timedelta(seconds=10)
_OWING: Final = frozenset({SourceState.SILENT, SourceState.FLOODING, SourceState.FAILING})
"""After such a failure only a list shows that the endpoint works again."""

_OVERCOME_BY_PEOPLE: Final = frozenset({SourceState.PIN_REJECTED, SourceState.WRONG_USER})
"""States that a new connection does not end: only a person's action does."""

log = structlog.get_logger(__name__)


class Standing:
    """
    The status of one source and its present trouble.
    """

    def __init__(self, name: str, *, hooks: SourceHooks, now: Clock) -> None:
        self._hooks, self._now = hooks, now
        self._owes_list = False
        self._trouble = Trouble()
        self._logged_rejected_at: datetime | None = None
        self._unlogged_rejected = 0
        self._logged_refusal = ""
        self._logged_error = ""
        self._log = log.bind(source=name)
        self.rejection = ""
        """Why the last frame was rejected, where no list came since."""
        self.status = SourceStatus(name, SourceState.CONNECTING, None, None, "", now())

    def show_progress(self, state: SourceState) -> None:
        """Show how far a connection came, unless a failure is shown that this step does not resolve."""
        # Otherwise every retry would hide the failure for a moment.
        shown = self.status.state
        failed = shown in _OVERCOME_BY_PEOPLE or (
            shown in IN_TROUBLE and (state is SourceState.CONNECTING or self._owes_list)
        )
        if not failed:
            self._show(state, error=self.status.error)

    def note_authorized(self) -> None:
        """Note that the endpoint accepts our commands."""
        # An authorization does not end these two states: only another login does.
        if self.status.state not in {SourceState.LOGGED_OUT, SourceState.WRONG_USER}:
            self._listen()
        self.log_progress("trueconf.authorized")

    def note_account(self, account: Account) -> None:
        """Note the account of the following lists."""
        self._logged_refusal = ""
        self.status = replace(self.status, account=account)
        self._listen()
        self._log.info("trueconf.account_known", account=str(account))

    def note_logout(self, place: str) -> None:
        """Note that nobody is logged in, so that no list is expected of the source."""
        self._owes_list = False
        self._show(SourceState.LOGGED_OUT, error=f"nobody is logged in at {place}; log in there")
        self._log.warning("trueconf.logged_out")

    def refuse(self, place: str, reason: str) -> None:
        """Note that the lists of the present user are refused, and log each reason once."""
        self._owes_list, self.rejection = False, ""
        self._show(SourceState.WRONG_USER, error=f"{place}: {reason}")
        if reason != self._logged_refusal:
            self._log.warning("trueconf.list_refused", reason=reason)
        self._logged_refusal = reason

    def note_list(self, received_at: datetime) -> None:
        """Note an accepted list."""
        self._owes_list, self.rejection = False, ""
        self.status = replace(self.status, last_list_at=received_at)
        self._show(SourceState.LISTENING)
        if self._trouble.logged:
            lasted = round(self._trouble.measure(self._now()).total_seconds())
            self._log.info("trueconf.recovered", after_seconds=lasted, tries=self._trouble.tries)
            self._trouble = self._trouble.recover()
            self._logged_error = ""

    def note_rejected(self, field: str, reason: str, octets: int) -> None:
        """
        Note a rejected frame. In a flood, one of them is logged now and then, with the number of the others.
        """
        self.rejection = f"what it sent last was rejected: {field}: {reason}"
        if self.status.state is SourceState.LISTENING:
            self._show(SourceState.LISTENING, error=self.rejection)
        now = self._now()
        if self._logged_rejected_at and abs(now - self._logged_rejected_at) < _BETWEEN_SAME_WARNINGS:
            self._unlogged_rejected += 1
            return
        others, self._logged_rejected_at, self._unlogged_rejected = self._unlogged_rejected, now, 0
        self._log.warning("trueconf.frame_rejected", field=field, reason=reason, bytes=octets, others=others)

    def note_lasting(self) -> None:
        """Note that a connection lasted: later trouble counts as new."""
        self._trouble = Trouble()
        self._logged_error = ""

    def note_lost(self, lost: ConnectionLost, wait_seconds: float) -> None:
        """Note that a connection ended or failed, and when the next try is."""
        self._trouble = self._trouble.count(lost, self._now())
        self._owes_list |= lost.state in _OWING
        self._show(lost.state, error=str(lost))
        if not self._trouble.worth_logging:
            return
        event = f"trueconf.{lost.state.replace(' ', '_')}"
        if str(lost) == self._logged_error and not lost.provoked:
            # The sentence is long, and was logged before.
            still = f"still {lost.state}, try {self._trouble.tries}"
            self._log.warning(event, error=still, tries=self._trouble.tries)
        else:
            self._log.warning(event, error=str(lost), tries=self._trouble.tries, exc_info=lost.provoked)
        self._logged_error = str(lost)
        self._log.info("trueconf.waiting", seconds=round(wait_seconds, 1))

    def log_progress(self, event: str, **content: str) -> None:
        """Log a step towards a list."""
        # While connections keep failing, only the trouble is logged, and finally its end.
        write = self._log.debug if self._trouble.tries else self._log.info
        write(event, **content)

    def _listen(self) -> None:
        if self._owes_list and self.status.state in IN_TROUBLE:
            self._hooks.note_status(self.status)
        else:
            self._show(SourceState.LISTENING)

    def _show(self, state: SourceState, *, error: str = "") -> None:
        since = self.status.since if state is self.status.state else self._now()
        self.status = replace(self.status, state=state, error=error, since=since)
        self._hooks.note_status(self.status)
