"""
What `confcal check` finds at the public address: which program answers, and what proxies on the way reveal.
"""

from urllib.parse import unquote

from service.app.check_daemon import (
    Answer,
    Asker,
    NoAnswer,
    ask_daemon,
    is_for_this_machine,
    is_private,
)
from service.app.findings import Finding, Verdict
from service.core.vevent import Translate
from service.settings.model import Settings
from service.settings.paths import public_url
from service.web.self_report import SelfReport

_GOOD = 200


async def check_public(settings: Settings, feed_url: str | None, asker: Asker, gettext: Translate) -> Finding:
    """
    Return whether the public address leads to this daemon and protects secrets.

    `feed_url` is the address of one feed, None where none is known.
    """
    if settings.public_url is None:
        if is_for_this_machine(settings):
            text = gettext("CONFCAL_PUBLIC_URL is not set, so the addresses lead to this machine alone")
        else:
            text = gettext("CONFCAL_PUBLIC_URL is not set: set it to the address that people reach")
        return Finding("public", Verdict.NOTICE, (text,))
    url = public_url(settings, settings.port)
    try:
        report = await ask_daemon(settings, url, asker, gettext)
    except NoAnswer as error:
        text = gettext(
            "%(url)s does not answer (%(reason)s): see whether the proxy and the daemon run, and whether "
            "this machine reaches that address"
        )
        return Finding("public", Verdict.FAILED, (text % {"url": url, "reason": error},))
    if not isinstance(report, SelfReport):
        return Finding("public", report.verdict, report.lines)
    lines, verdict = [gettext("%(url)s reaches the daemon") % {"url": url}], Verdict.GOOD
    for warning in [*_plain(url, gettext), *await _feed_warnings(feed_url, asker, gettext)]:
        verdict = Verdict.WARNING
        lines.append(warning)
    if await is_private(url):
        lines.append(
            gettext("it is an address of a private network, so Google and Outlook.com do not get there")
        )
        verdict = Verdict.NOTICE if verdict is Verdict.GOOD else verdict
    return Finding("public", verdict, tuple(lines))


def _plain(url: str, gettext: Translate) -> list[str]:
    if url.startswith("https:"):
        return []
    return [gettext("it is http, so secret addresses can be read on the way: put TLS in front")]


async def _feed_warnings(feed_url: str | None, asker: Asker, gettext: Translate) -> list[str]:
    """Return what is wrong with how a feed arrives through the proxies in front."""
    if feed_url is None:
        return []
    try:
        said = await asker.get(feed_url)
    except NoAnswer as error:
        return [gettext("a feed does not arrive (%(reason)s)") % {"reason": error}]
    if said.status != _GOOD:
        text = gettext("a feed answers with status %(status)d: let the proxy pass /feeds/ on unchanged")
        return [text % {"status": said.status}]
    return [*_judge_compression(said, gettext), *_name_repeating(said, feed_url, gettext)]


def _judge_compression(said: Answer, gettext: Translate) -> list[str]:
    if said.headers.get("content-encoding", "identity").strip().lower() == "identity":
        return []
    text = gettext(
        "the proxy compresses feeds, and Outlook.com stops updating such feeds: leave text/calendar as it is"
    )
    return [text]


def _name_repeating(said: Answer, feed_url: str, gettext: Translate) -> list[str]:
    """Name headers that repeat the token: proxies log headers where they hide addresses."""
    token = feed_url.partition("/feeds/")[2].partition("/")[0]
    names = sorted({name for name, value in said.headers.items() if token in unquote(value)})
    if not names:
        return []
    text = gettext("the proxy repeats the secret address in %(names)s: have it leave that header out")
    return [text % {"names": ", ".join(names)}]
