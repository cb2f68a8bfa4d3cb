"""
The deviations of servers as data: what deviates, on which server, by which source, and what confcal does.

An operator switches one on or off by name: CONFCAL_TARGETS__<NAME>__QUIRKS=name,-other.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from service.caldav.hrefs import host_of


@dataclass(frozen=True, slots=True)
class Quirk:
    """
    One deviation.
    """

    name: str
    servers: tuple[str, ...]
    """Where it is on by itself, once the server is recognized."""

    about: str
    link: str
    test: str
    """The test that shows what confcal does about it."""


QUIRKS: tuple[Quirk, ...] = (
    Quirk(
        "one-writer",
        ("Xandikos", "Radicale"),
        "Writes of one calendar wait for each other or answer 423: one request at a time.",
        "https://github.com/jelmer/xandikos/blob/master/xandikos/store/git.py",
        "test_a_server_that_takes_one_writer_gets_one",
    ),
    Quirk(
        "no-sync-collection",
        ("SOGo", "DAViCal", "Zimbra"),
        "Its sync-tokens lose or repeat changes: audits list the whole collection.",
        "https://bugs.sogo.nu/view.php?id=5163",
        "test_a_server_with_unreliable_tokens_is_listed_as_a_whole",
    ),
    Quirk(
        "overload-501",
        ("SOGo",),
        "It answers 501 when overloaded: that counts as a request to slow down.",
        "https://bugs.sogo.nu/view.php?id=3065",
        "test_an_overloaded_sogo_is_given_time",
    ),
    Quirk(
        "mails-client-attendees",
        ("SOGo",),
        "It mails attendees in spite of SCHEDULE-AGENT=CLIENT: ATTENDEES is not used.",
        "https://www.rfc-editor.org/rfc/rfc6638#section-7.1",
        "test_nobody_is_named_to_a_server_that_mails_all_the_same",
    ),
    Quirk(
        "trash-bin",
        ("Nextcloud",),
        "What is deleted keeps its UID taken: our own deletions pass by the trash bin.",
        "https://github.com/nextcloud/server/issues/30096",
        "test_our_deletions_pass_by_the_trash_bin",
    ),
    Quirk(
        "create-by-looking",
        ("Google", "SOGo"),
        "It does not mind If-None-Match: confcal looks before it creates.",
        "https://developers.google.com/workspace/calendar/caldav/v2/guide",
        "test_google_is_looked_at_before_creating",
    ),
    Quirk(
        "delete-by-looking",
        ("SOGo",),
        "It does not mind If-Match on DELETE: confcal looks before it deletes.",
        "https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1",
        "test_sogo_is_looked_at_before_deleting",
    ),
    Quirk(
        "read-back",
        ("Mail.ru",),
        "It drops what it does not know: what it made of ours is read back at once where it gives no ETag.",
        "https://github.com/python-caldav/caldav/blob/master/caldav/compatibility_hints.py",
        "test_what_a_server_made_of_ours_is_ours",
    ),
    Quirk(
        "no-create",
        ("Google", "Mail.ru", "Posteo"),
        "Calendars cannot be created by CalDAV: make one in its web page.",
        "https://developers.google.com/workspace/calendar/caldav/v2/guide",
        "test_where_no_calendar_can_be_created_none_is_tried",
    ),
    Quirk(
        "create-without-name",
        ("Zimbra",),
        "A name in MKCALENDAR breaks it: the address is the name.",
        "https://github.com/python-caldav/caldav/blob/master/caldav/compatibility_hints.py",
        "test_zimbra_gets_no_display_name",
    ),
    Quirk(
        "partition-host",
        ("iCloud",),
        "Each account lives on a numbered host: credentials are also for pNN-caldav.icloud.com.",
        "https://github.com/python-caldav/caldav/issues/3",
        "test_icloud_may_send_us_to_its_numbered_host",
    ),
)

_BY_NAME = {quirk.name: quirk for quirk in QUIRKS}

_HOSTS: Mapping[str, str] = {
    "apidata.googleusercontent.com": "Google",
    "www.google.com": "Google",
    "caldav.icloud.com": "iCloud",
    "caldav.yandex.ru": "Yandex",
    "calendar.mail.ru": "Mail.ru",
    "posteo.de": "Posteo",
    "caldav.fastmail.com": "Fastmail",
}

_PARTITIONS: Mapping[str, re.Pattern[str]] = {
    "caldav.icloud.com": re.compile(r"p\d+-caldav\.icloud\.com"),
}


def partition_hosts(url: str) -> re.Pattern[str] | None:
    """Return which other hosts belong to the account at `url`."""
    return _PARTITIONS.get(host_of(url))


def recognize(url: str, headers: Mapping[str, str]) -> str:
    """Return the name of the server product that answered, or an empty text."""
    host = host_of(url)
    if host in _HOSTS:
        return _HOSTS[host]
    if re.fullmatch(r"p\d+-caldav\.icloud\.com", host):
        return "iCloud"
    return next((sign[0] for sign in _SIGNS if _shows(sign, url, headers)), "")


_ADDRESS = "its address"
_ANYTHING = ""

_SIGNS = (
    ("Nextcloud", "dav", "nextcloud"),
    ("Nextcloud", "dav", "nc-"),
    ("SOGo", _ADDRESS, "/sogo/"),
    ("SOGo", "server", "sogo"),
    ("DAViCal", "x-davical-version", _ANYTHING),
    ("DAViCal", _ADDRESS, "/davical/"),
    ("Cyrus", "server", "cyrus"),
    ("DavMail", "server", "davmail"),
    ("Zimbra", "server", "zimbra"),
    ("Baikal", _ADDRESS, "/dav.php/"),
    ("sabre/dav", "x-sabre-version", _ANYTHING),
    ("Radicale", "www-authenticate", "radicale"),
    ("Radicale", "server", "wsgiserver"),
    ("Xandikos", "server", "aiohttp"),
)
"""Product, the header that shows it, and the word in that header, in lower case."""


def _shows(sign: tuple[str, str, str], url: str, headers: Mapping[str, str]) -> bool:
    _, where, word = sign
    if where == _ADDRESS:
        return word in url.lower()
    return where in headers and word in headers[where].lower()


def active(server: str, wishes: Iterable[str] = ()) -> frozenset[str]:
    """Return the names of the quirks that apply: those of the server, `name` on, `-name` off."""
    names = {quirk.name for quirk in QUIRKS if server in quirk.servers}
    for spec in wishes:
        if spec.startswith("-"):
            names.discard(spec[1:])
        else:
            names.add(spec)
    return frozenset(names)


def unknown(wishes: Iterable[str]) -> list[str]:
    """Return the wishes that name no quirk."""
    return [spec for spec in wishes if spec.removeprefix("-") not in _BY_NAME]


def describe(names: Collection[str]) -> list[Quirk]:
    """Return the quirks of these names, in the order of the list."""
    return [quirk for quirk in QUIRKS if quirk.name in names]
