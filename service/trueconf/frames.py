"""
The frames of an endpoint, one frozen value per kind.

Names and keys are compared without case: TrueConf's own code writes `isLoggedIn` and `isLoggedin`.
Lists are decoded in `wire`; everything else, short and rare, here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from service.core.conference import Listing
from service.core.errors import FrameRejected
from service.core.rejected import PEER_ID
from service.core.trueconf_id import LONGEST as LONGEST_NAME
from service.core.trueconf_id import TrueConfId, too_long
from service.trueconf import fields
from service.trueconf.fields import Json

_LONGEST_ERROR: Final = 200

DOMAIN: Final = "domain"
"""The field of a FrameRejected that says that a server cannot have that name."""


@dataclass(frozen=True, slots=True)
class ListFrame:
    """A `conferenceList` event or a `getScheduler` reply."""

    listing: Listing
    peer_id: str = ""
    """The account that the frame names as the owner. Only posted lists name one, not TrueConf's own."""


@dataclass(frozen=True, slots=True)
class AuthReply:
    """The answer to `auth`; `reason` is the endpoint's text where it refused."""

    accepted: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LoginReply:
    """The answer to `getLogin`. `logged_in` is None where it does not say, `peer_id` empty likewise."""

    logged_in: bool | None
    peer_id: str


@dataclass(frozen=True, slots=True)
class SystemInfo:
    """The answer to `getSystemInfo`; `peer_id` is empty while nobody is logged in."""

    peer_id: str


@dataclass(frozen=True, slots=True)
class Connected:
    """The answer to `getConnected` or `getServerDomain`; `domain` may be empty."""

    domain: str


@dataclass(frozen=True, slots=True)
class AppState:
    """
    `getAppState` or, where `announced`, the event `appStateChanged`.

    0 no server, 1 connecting, 2 login needed, 3 logged in, 4 calling, 5 in a conference, 6 leaving one.
    """

    state: int
    announced: bool


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The event `login` with a result that means success."""

    peer_id: str


@dataclass(frozen=True, slots=True)
class Logout:
    """The event `logout`."""


@dataclass(frozen=True, slots=True)
class ServerConnected:
    """The event `serverConnected`; `domain` may be empty."""

    domain: str


@dataclass(frozen=True, slots=True)
class ServerDisconnected:
    """The event `serverDisconnected`."""


@dataclass(frozen=True, slots=True)
class AuthorizationNeeded:
    """The event `authorizationNeeded`: the token is spent, `auth` must be sent again."""


@dataclass(frozen=True, slots=True)
class ConferenceDeleted:
    """The event `conferenceDeleted`: the list has probably changed."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A reply with `result: false`, or a bare error; `method` is in lower case."""

    method: str
    error: str


@dataclass(frozen=True, slots=True)
class Other:
    """A frame that does not concern calendars; `name` is in lower case."""

    name: str


Frame = (
    ListFrame
    | AuthReply
    | LoginReply
    | SystemInfo
    | Connected
    | AppState
    | LoggedIn
    | Logout
    | ServerConnected
    | ServerDisconnected
    | AuthorizationNeeded
    | ConferenceDeleted
    | Refused
    | Other
)


def frame_of(message: Json) -> Frame:
    """
    Return the frame that a decoded message which is not a list stands for.

    Raises FrameRejected with the field PEER_ID or DOMAIN where the user or the server has an impossible name.
    """
    content = _lowercase_keys(message)
    method, event = name(content.get("method")), name(content.get("event"))
    if event and method in {"", "event"}:
        return _event(event, content)
    return _reply(method, content)


def name(value: object) -> str:
    """Return the name of a command or event in lower case, or an empty text."""
    return value.strip().casefold() if isinstance(value, str) else ""


def is_no(value: object) -> bool:
    """Whether a JSON value says no. The number 0 does not: in events it is the code of success."""
    return value is False or value == "false"


def peer_id_of(value: object) -> str:
    """Return the TrueConf ID of a user as sent. Raises FrameRejected where it is too long for one."""
    sent = fields.text(value)
    if fault := TrueConfId.parse(sent).fault:
        raise FrameRejected(PEER_ID, fault)
    return sent


def _domain(value: object) -> str:
    sent = fields.text(value)
    if len(sent.strip()) > LONGEST_NAME:
        raise FrameRejected(DOMAIN, too_long("server"))
    return sent


def _event(event: str, content: Json) -> Frame:  # noqa: PLR0911 - one line per event of the protocol
    match event:
        case "appstatechanged":
            return _app_state(content, announced=True)
        case "login":
            # 0 is success, 1 is "already logged in". All other codes leave the state unchanged.
            succeeded = content.get("result", 0) in (0, 1, "0", "1")
            return LoggedIn(peer_id_of(content.get("peerid"))) if succeeded else Other(event)
        case "logout":
            return Logout()
        case "serverconnected":
            return ServerConnected(_domain(content.get("domain")))
        case "serverdisconnected":
            return ServerDisconnected()
        case "authorizationneeded":
            return AuthorizationNeeded()
        case "conferencedeleted":
            return ConferenceDeleted()
        case _:
            return Other(event)


def _reply(method: str, content: Json) -> Frame:  # noqa: PLR0911 - one line per command of the protocol
    refused = is_no(content.get("result")) or ("result" not in content and bool(content.get("error")))
    match method:
        case "auth":
            return AuthReply(accepted=not refused, reason=_error(content) if refused else "")
        case _ if refused:
            return Refused(method, _error(content))
        case "getlogin":
            logged_in = content.get("isloggedin")
            peer_id = peer_id_of(content.get("peerid"))
            return LoginReply(logged_in if isinstance(logged_in, bool) else None, peer_id)
        case "getsysteminfo":
            return SystemInfo(peer_id_of(_find_nested(content, "authinfo").get("peerid")))
        case "getconnected":
            return Connected(_domain(_find_nested(content, "serverinfo").get("domain")))
        case "getserverdomain":
            return Connected(_domain(content.get("domain")))
        case "getappstate":
            return _app_state(content, announced=False)
        case _:
            return Other(method)


def _app_state(content: Json, *, announced: bool) -> Frame:
    match content.get("appstate"):
        case bool():
            return Other("appstate")
        case int() as state:
            return AppState(state, announced)
        case str() as digit if digit.isascii() and digit.isdecimal() and len(digit) == 1:
            return AppState(int(digit), announced)
        case _:
            return Other("appstate")


def _error(content: Json) -> str:
    code = fields.text(content.get("resultcode"))
    reason = fields.text(content.get("error"))[:_LONGEST_ERROR] or "no reason given"
    return f"{reason} (resultCode {code})" if code else reason


def _find_nested(content: Json, key: str) -> Json:
    value = content.get(key)
    return _lowercase_keys(value) if isinstance(value, Mapping) else {}


def _lowercase_keys(content: Mapping[str, object]) -> Json:
    return {key.casefold(): value for key, value in content.items()}
