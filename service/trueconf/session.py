"""
One conversation with an endpoint, without socket or clock: text in, events and commands out.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, assert_never

from service.core.conference import Account, Listing, Snapshot
from service.core.errors import FrameRejected
from service.core.pinning import refusal_of, refusal_of_peer
from service.core.rejected import PEER_ID
from service.trueconf.authorization import Authorization
from service.trueconf.events import (
    AccountKnown,
    Authorized,
    CommandRefused,
    Event,
    FrameWasRejected,
    ListIgnored,
    ListRefused,
    LoggedOut,
    SnapshotReceived,
)
from service.trueconf.frames import (
    DOMAIN,
    AppState,
    AuthorizationNeeded,
    AuthReply,
    ConferenceDeleted,
    Connected,
    Frame,
    ListFrame,
    LoggedIn,
    LoginReply,
    Logout,
    Other,
    Refused,
    ServerConnected,
    ServerDisconnected,
    SystemInfo,
)
from service.trueconf.identity import LOCATING, Identity
from service.trueconf.lenient_json import to_bytes
from service.trueconf.login import Login
from service.trueconf.requests import Requests
from service.trueconf.wire import LIST_REFUSED, Decoder

_ANSWERS_COME_WITHIN: Final = timedelta(seconds=30)
_NOBODY_LOGGED_IN: Final = range(3)
_LOGGED_IN: Final = range(3, 7)
_READY: Final = 3
# An authorized client may always ask these, so a refusal means that the token expired.
_SHOW_EXPIRY: Final = frozenset({"getlogin", "getscheduler", ""})


class Session:
    """
    Decides which commands an endpoint gets next and which account each list belongs to.

    `fallback` is the account of an endpoint that does not name one; `server` overrides the domain that the
    endpoint reports.
    With `pinned` lists of every other account are refused.
    Keep one session over all connections of a source: it notices when the user changed in between.
    """

    def __init__(
        self,
        *,
        source: str,
        pin: str | None,
        fallback: Account,
        server: str | None,
        pinned: Account | None = None,
        decoder: Decoder | None = None,
    ) -> None:
        self._source, self._fallback, self._server, self._pinned = source, fallback, server, pinned
        self._decoder = decoder or Decoder()
        self._authorization = Authorization(pin)
        self._requests = Requests()
        self._login = Login()
        self._account: Account | None = None
        self._asked_at: datetime | None = None
        # The token behind the authorization may have expired; the next poll finds out.
        self._list_refused = False
        self._logged_in: bool | None = None
        self._identity = Identity()
        # The reason why the reported user is unusable; the list must not reach another user's calendar.
        self._unfit = ""
        self._waiting: Snapshot | None = None

    @property
    def has_waiting_list(self) -> bool:
        """Whether a list waits for its account to become known."""
        return self._waiting is not None

    def start(self, now: datetime, *, pin: str | None = None) -> None:
        """
        Start over on an open socket, where authorization is due again.

        `pin` is the PIN in the endpoint's address; a PIN in the settings overrides it.
        """
        self._requests.take()
        self._authorization.start_over(pin=pin)
        self._list_refused = False
        self._logged_in, self._identity, self._waiting, self._unfit = None, Identity(), None, ""
        self._authorize(now)

    def poll(self, now: datetime) -> None:
        """
        Request the user and then the list, or authorization if it is missing.

        While nobody is logged in there is no list, so only the user is requested.
        """
        if self._authorization.given and not self._list_refused:
            if self._logged_in is False:
                self._ask("getAppState", "getLogin")
                return
            self._ask("getLogin", "getScheduler")
        elif self._authorization.may_be_asked(now):
            self._list_refused = False
            self._authorize(now)

    def take_commands(self) -> list[bytes]:
        """Return the commands to send, as JSON text in UTF-8, in order; they are not returned again."""
        return self._requests.take()

    def receive(self, text: str | bytes, now: datetime) -> list[Event]:
        """Take one whole text frame that arrived at `now`, and return the events that follow, in order."""
        return self.take(self.decode(text), text, now)

    def decode(self, text: str | bytes) -> Frame | FrameRejected:
        """Decode a frame. Only this method may run in another thread, one call at a time."""
        try:
            return self._decoder.decode(text)
        except FrameRejected as error:
            return error

    def take(self, decoded: Frame | FrameRejected, text: str | bytes, now: datetime) -> list[Event]:
        """Take the result of `decode`, and return the events that follow, in order."""
        if isinstance(decoded, FrameRejected):
            if decoded.field == LIST_REFUSED:
                if self._logged_in is False:
                    return [CommandRefused("getscheduler", "nobody is logged in")]
                self._list_refused = True
            elif decoded.field == PEER_ID or (decoded.field == DOMAIN and not self._server):
                self._doubt_user(decoded, now)
            return [FrameWasRejected(decoded.field, decoded.reason, to_bytes(text))]
        if self._asked_at is not None and abs(now - self._asked_at) > _ANSWERS_COME_WITHIN:
            self._identity = replace(self._identity, unanswered=frozenset())
        return [*self._react(decoded, now), *self._deliver(now)]

    def _react(self, frame: Frame, now: datetime) -> list[Event]:  # noqa: C901, PLR0911, PLR0912 - a case per frame
        match frame:
            case ListFrame(listing, peer_id):
                return self._keep(listing, peer_id, now)
            case AuthReply(accepted, reason):
                return self._accept(now) if accepted else [self._authorization.note_rejection(reason)]
            case AuthorizationNeeded():
                self._authorization.given = False
                if self._authorization.may_be_asked(now):
                    self._authorize(now)
                return []
            case LoginReply(logged_in, peer_id):
                self._identity = self._identity.note_answer("getlogin")
                if logged_in is False:
                    return self._went_offline()
                return self._went_online(peer_id, now) if logged_in or peer_id else []
            case SystemInfo(peer_id):
                self._identity = self._identity.note_answer("getsysteminfo")
                return self._went_online(peer_id, now) if peer_id else []
            case Connected(domain):
                self._identity = self._identity.note_answer(*LOCATING)
                self._locate(domain)
                return []
            case AppState(state, announced):
                return self._app_state(state, now, announced=announced)
            case LoggedIn(peer_id):
                self._ask("getScheduler")
                return self._went_online(peer_id, now)
            case Logout():
                return self._went_offline()
            case ServerConnected(domain):
                self._locate(domain)
                self._ask("getScheduler")
                return []
            case ServerDisconnected():
                self._identity = replace(self._identity, domain="")
                return self._went_offline()
            case ConferenceDeleted():
                self._ask("getScheduler")
                return []
            case Refused(method, error):
                self._identity = self._identity.note_answer(method)
                self._list_refused = self._list_refused or method in _SHOW_EXPIRY
                return [CommandRefused(method, error)]
            case Other():
                return []
            case _ as unreachable:
                assert_never(unreachable)

    def _authorize(self, now: datetime) -> None:
        self._requests.add("auth", **self._authorization.note_request(now))

    def _accept(self, now: datetime) -> list[Event]:
        self._authorization.given = True
        self._asked_at = now
        self._identity = replace(self._identity, unanswered=Identity().unanswered)
        self._ask("getAppState", "getLogin", "getSystemInfo", "getConnected", "getScheduler")
        return [Authorized()]

    def _app_state(self, state: int, now: datetime, *, announced: bool) -> list[Event]:
        if state in _NOBODY_LOGGED_IN:
            return self._went_offline()
        if announced and state == _READY:
            self._ask("getScheduler")
        return self._went_online("", now) if state in _LOGGED_IN else []

    def _locate(self, domain: str) -> None:
        self._identity = self._identity.with_server(domain)
        if domain and self._unfit.startswith(DOMAIN):
            self._unfit = ""

    def _doubt_user(self, error: FrameRejected, now: datetime) -> None:
        """Accept no lists for now: the name of the logged-in user or of the server is impossible."""
        self._unfit = str(error)
        self._account = self._waiting = None
        self._login.note_change(now)
        if error.field == PEER_ID:
            self._identity = replace(self._identity, peer="", peer_server="")

    def _went_offline(self) -> list[Event]:
        before, self._logged_in, self._unfit = self._logged_in, False, ""
        ignored: list[Event] = (
            [ListIgnored("the user logged out before it was known")] if self._waiting else []
        )
        self._waiting = None
        return ignored if before is False else [*ignored, LoggedOut()]

    def _went_online(self, peer_id: str, now: datetime) -> list[Event]:
        """Note the user, unnamed if `peer_id` is empty. Start over if it may be another user."""
        found = bool(peer_id) and self._unfit.startswith(PEER_ID)
        changed = self._logged_in is False or found or self._identity.is_other(peer_id)
        if found:
            self._unfit = ""
        ignored: list[Event] = []
        self._logged_in = True
        if changed:
            if self._waiting:
                ignored = [ListIgnored("the login changed before the user was known")]
            self._account = self._waiting = None
            self._login.note_change(now)
            self._asked_at = now
            self._identity = Identity(
                domain=self._identity.domain,
                unanswered=LOCATING if peer_id else LOCATING | {"getlogin"},
            )
            self._ask("getLogin", "getConnected", "getScheduler")
        self._identity = self._identity.with_user(peer_id)
        return ignored

    def _keep(self, listing: Listing, peer_id: str, now: datetime) -> list[Event]:
        if self._logged_in is False:
            return [ListIgnored("nobody is logged in")]
        self._list_refused = False
        if self._unfit:
            return [ListRefused(f"its user has no usable name ({self._unfit}); log in as another one there")]
        if refusal := refusal_of_peer(peer_id, self._pinned):
            return [ListRefused(refusal)]
        # The account is filled in on delivery; until then only the newest list counts.
        self._waiting = Snapshot(self._fallback, self._source, now, listing)
        return []

    def _deliver(self, now: datetime) -> list[Event]:
        """Determine the account as far as possible, and deliver the waiting list."""
        account = self._identity.account(server=self._server, fallback=self._fallback)
        if account is None or self._logged_in is False or self._unfit:
            return []
        events: list[Event] = []
        refusal = refusal_of(account, self._pinned)
        if account != self._account:
            if self._account is not None:
                self._login.note_change(now)
            self._account = account
            if not refusal:
                events.append(AccountKnown(account))
        if self._waiting is not None:
            snapshot = self._login.add_doubt(replace(self._waiting, account=account))
            events.append(ListRefused(refusal) if refusal else SnapshotReceived(snapshot))
            self._waiting = None
        return events

    def _ask(self, *commands: str) -> None:
        if self._authorization.given:
            for command in commands:
                self._requests.add(command)
