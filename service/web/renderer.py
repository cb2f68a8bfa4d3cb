"""
Pages out of templates: in the viewer's language and zone, with every header that a page must have.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo, available_timezones

import jinja2
from babel.numbers import format_decimal
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from service.core.vevent import Translate
from service.web.assets import addresses
from service.web.dates import Dates
from service.web.language import NAMES, Catalogues, choose_locale

TEMPLATES = Path(__file__).parent / "templates"

LANGUAGE_COOKIE = "confcal_lang"
ZONE_COOKIE = "confcal_zone"
"""Written by static/zone.js; it names the viewer's zone."""

AUTOMATIC = "auto"
"""As `zone=` it gives up the zone chosen by hand."""

CHOSEN_ZONE_COOKIE = "confcal_zone_chosen"
"""The zone that the viewer chose by hand; it outranks that of the device."""

_YEAR_SECONDS = 365 * 24 * 3600
_NUMBER = "#,##0.#"

PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Language, Cookie",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
"""On every page; one that needs more (`connect-src` for live updates) says so in `render(headers=...)`."""


@dataclass(frozen=True, slots=True)
class Choice:
    """
    One language of the switch.
    """

    code: str
    name: str
    href: str
    current: bool


class Pages:
    """
    Renders templates. One for all pages; see service/web/README.md for what a template may use.
    """

    def __init__(self, catalogues: Catalogues, *, language: str, timezone: str, public_url: str) -> None:
        self._catalogues = catalogues
        self._language = language
        self._zone = ZoneInfo(timezone)
        self._zones = available_timezones()
        self.root = urlsplit(public_url).path.rstrip("/")
        """The path that a reverse proxy serves confcal under; mostly empty."""

        self.secure = public_url.startswith("https:")
        """Whether people reach the pages by https, so that cookies are for https alone."""

        self._environments = {code: self._environment(code) for code in catalogues}

    def _environment(self, code: str) -> jinja2.Environment:
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            extensions=["jinja2.ext.i18n"],
            trim_blocks=True,
            lstrip_blocks=True,
        )
        texts = self._catalogues[code]
        # Installed by the extension, which jinja2's types do not show.
        install = vars(environment)["install_gettext_callables"]
        install(texts.gettext, texts.ngettext, newstyle=True)
        environment.globals.update(root=self.root, asset=addresses(self.root))
        return environment

    def dates(self, request: Request) -> Dates:
        """
        Return how this viewer writes dates.

        The zone is the one that the query names, else the one chosen before, that of the device, and the
        organization's.
        """
        locale = choose_locale(
            request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE),
            request.headers.get("accept-language", ""),
            self._catalogues,
            self._language,
        )
        zone = self._find_chosen_zone(request) or self._find_known_zone(request.cookies.get(ZONE_COOKIE, ""))
        return Dates(locale, ZoneInfo(zone) if zone else self._zone)

    def _find_chosen_zone(self, request: Request) -> str:
        """Return the zone that the viewer chose by hand, now or before; empty where there is none."""
        asked = request.query_params.get("zone", "")
        chosen = "" if asked == AUTOMATIC else request.cookies.get(CHOSEN_ZONE_COOKIE, "")
        return self._find_known_zone(asked) or self._find_known_zone(chosen)

    def _find_known_zone(self, zone: str) -> str:
        key = zone.replace("%2F", "/")
        return key if key in self._zones else ""

    @property
    def zone_key(self) -> str:
        """The name of the organization's zone."""
        return self._zone.key

    def gettext(self, dates: Dates) -> Translate:
        """Return what translates a text for the viewer whose dates these are."""
        return self._catalogues[dates.locale.language].gettext

    def render(
        self,
        request: Request,
        template: str,
        context: Mapping[str, Any],
        *,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        kept: Mapping[str, str] | None = None,
    ) -> Response:
        """
        Return the page; `context` is what the template wants beyond the common names.

        The links to other languages lead to the same page with the query `kept`: what the page understood of
        its own, never what else stood there.
        """
        dates = self.dates(request)
        code = dates.locale.language
        common = {
            "dates": dates,
            "number": partial(format_decimal, format=_NUMBER, locale=dates.locale),
            "lang": f"{code}-{dates.locale.territory}",
            "languages": self._choices(kept or {}, code),
            "organization_zone": self._zone.key,
            "zone_chosen": bool(self._find_chosen_zone(request)),
        }
        body = self._environments[code].get_template(template).render(**common, **context)
        response = HTMLResponse(
            body, status_code, {**PAGE_HEADERS, "Content-Language": code, **(headers or {})}
        )
        if request.query_params.get("lang") == code:
            self._remember(response, LANGUAGE_COOKIE, code)
        zone = request.query_params.get("zone", "")
        if zone == AUTOMATIC:
            self._remember(response, CHOSEN_ZONE_COOKIE, "", seconds=0)
        elif zone == dates.zone.key:
            self._remember(response, CHOSEN_ZONE_COOKIE, zone)
        return response

    def _remember(self, response: Response, cookie: str, value: str, *, seconds: int = _YEAR_SECONDS) -> None:
        response.set_cookie(
            cookie,
            value,
            max_age=seconds,
            path=self.root or "/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def _choices(self, kept: Mapping[str, str], current: str) -> list[Choice]:
        return [
            Choice(code, NAMES.get(code, code), "?" + urlencode({**kept, "lang": code}), code == current)
            for code in self._catalogues
        ]
