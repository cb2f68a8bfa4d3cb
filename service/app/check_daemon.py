"""
What `confcal check` finds of the running daemon: on this machine, and through the public address.
"""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from urllib.parse import urlsplit

import httpx
import msgspec

from service.app.findings import Finding, Verdict
from service.core.errors import ConfcalError, NoSecret, SettingsError
from service.core.vevent import Translate
from service.settings.hosts import in_url, is_reachable_by_others, local_hosts
from service.settings.model import Settings
from service.settings.paths import database_url, secret_of
from service.store.inspection import identify
from service.store.schema import newest_revision
from service.trueconf.causes import reason_of
from service.web.self_report import PATH, SelfReport, proof_of

_GOOD, _NOT_FOUND = 200, 404


class NoAnswer(ConfcalError):
    """Nothing usable came from an address; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Answer:
    """
    The answer to one GET.
    """

    status: int
    headers: httpx.Headers
    body: bytes


class Asker:
    """
    Asks the daemon over HTTP, on this machine or by its public address.
    """

    def __init__(self, http: httpx.AsyncClient, limit_seconds: float) -> None:
        self._http = http
        self._limit_seconds = limit_seconds

    async def get(self, url: str, *, token: str = "") -> Answer:
        """Send a GET and return the answer. Raises NoAnswer."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            async with asyncio.timeout(self._limit_seconds):
                response = await self._http.get(url, headers=headers)
        except TimeoutError as error:
            raise NoAnswer(f"no answer within {self._limit_seconds:g} s") from error
        except Exception as error:
            # Any error that an address provokes in the library is a finding about that address.
            raise NoAnswer(reason_of(error)) from error
        return Answer(response.status_code, response.headers, response.content)


@asynccontextmanager
async def open_asker(
    limit_seconds: float, transport: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[Asker]:
    """Yield an asker that waits at most `limit_seconds` for each answer."""
    async with httpx.AsyncClient(
        verify=ssl.create_default_context(),
        trust_env=False,
        timeout=limit_seconds,
        headers={"User-Agent": "confcal", "Accept-Encoding": "gzip"},
        transport=transport,
    ) as http:
        yield Asker(http, limit_seconds)


async def check_daemon(settings: Settings, asker: Asker, gettext: Translate) -> Finding:
    """Return whether the daemon runs here, as which version, and on the database of these settings."""
    if not settings.port:
        return Finding("daemon", Verdict.NOTICE, (gettext("with CONFCAL_PORT=0 it cannot be found"),))
    base = f"http://{in_url(local_hosts(settings.host)[0])}:{settings.port}"
    try:
        report = await ask_daemon(settings, base, asker, gettext)
    except NoAnswer as error:
        text = gettext("nothing answers at %(url)s (%(reason)s): it does not run on this machine")
        return Finding("daemon", Verdict.NOTICE, (text % {"url": base, "reason": error},))
    return report if isinstance(report, Finding) else await _compare(settings, report, base, gettext)


async def ask_daemon(settings: Settings, base: str, asker: Asker, gettext: Translate) -> SelfReport | Finding:
    """
    Return what the daemon at `base` reports, or why it reports nothing to this command. Raises NoAnswer.
    """
    try:
        proof = proof_of(secret_of(settings))
    except NoSecret as error:
        text = gettext("%(reason)s It is made by the first `confcal run`.") % {"reason": error}
        return Finding("daemon", Verdict.NOTICE, (text,))
    except SettingsError as error:
        return Finding("daemon", Verdict.NOTICE, (str(error),))
    said = await asker.get(base + PATH, token=proof)
    if said.status == _GOOD:
        try:
            return msgspec.json.decode(said.body, type=SelfReport)
        except msgspec.DecodeError:
            said = Answer(_NOT_FOUND, said.headers, b"")
    alive = await asker.get(base + "/healthz")
    if alive.status == _GOOD and alive.body == b"ok\n":
        text = gettext(
            "the daemon at %(url)s has another secret than these settings, or is an older confcal: "
            "give this command the daemon's settings with --env-file, as the daemon's user"
        )
        return Finding("daemon", Verdict.FAILED, (text % {"url": base},))
    text = gettext("another program than confcal answers at %(url)s (status %(status)d)")
    return Finding("daemon", Verdict.FAILED, (text % {"url": base, "status": said.status},))


async def _compare(settings: Settings, report: SelfReport, base: str, gettext: Translate) -> Finding:
    text = gettext("confcal %(version)s at %(url)s, schema %(schema)s")
    lines = [text % {"version": report.version, "url": base, "schema": report.schema}]
    verdict = Verdict.GOOD
    if report.version != version("confcal") or report.schema != newest_revision():
        verdict = Verdict.WARNING
        lines.append(
            gettext(
                "this command is confcal %(version)s, schema %(schema)s: restart the daemon after an update"
            )
            % {"version": version("confcal"), "schema": newest_revision()}
        )
    try:
        same = await identify(database_url(settings)) == report.database
    except ConfcalError:
        # The finding about the database says what is wrong with the database.
        same = True
    if same:
        lines[0] += gettext(", on the same database")
    else:
        verdict = Verdict.FAILED
        lines.append(
            gettext(
                "it works on another database than these settings name: "
                "compare CONFCAL_DATA_DIR and CONFCAL_DATABASE_URL"
            )
        )
    return Finding("daemon", verdict, tuple(lines))


async def is_private(url: str) -> bool:
    """Return whether the host of a URL leads to an address that only a local network reaches."""
    host = urlsplit(url).hostname or ""
    try:
        addresses = [host] if _is_address(host) else await _look_up(host)
    except OSError:
        return False
    return bool(addresses) and all(ipaddress.ip_address(each).is_private for each in addresses)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


async def _look_up(host: str) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, None)
    return [str(each[4][0]).partition("%")[0] for each in found]


def is_for_this_machine(settings: Settings) -> bool:
    """Return whether addresses are handed out that only this machine reaches."""
    return settings.public_url is None and not is_reachable_by_others(settings.host)
