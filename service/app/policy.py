"""
The policy for conferences and VEVENTs that the settings ask for.
"""

import hmac
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version

from service.calendars.calendar import Calendar
from service.calendars.rules import Rule
from service.core.ical import RENDERING
from service.core.join_link import JOIN_URL
from service.core.quiet import QuietHours, parse_quiet
from service.core.rejected import KeepRules
from service.core.removal import RemovalRules
from service.core.revision import Policy, Variant
from service.core.vevent import Redaction, Rendering
from service.core.vtimezone import compact_zone
from service.core.weekly import WeeklyRules
from service.core.zonedata import data_version
from service.language import Language, translator
from service.settings.calendars import CalendarSettings
from service.settings.model import Settings, SourceSettings
from service.settings.paths import secret_of


def policy_of(settings: Settings) -> Policy:
    """Return the policy that the settings ask for."""
    asked = [
        (calendar.redact, calendar.language or settings.language) for calendar in settings.calendars.values()
    ]
    # Sorted behind the first, and each once: the digest must not follow the order of the settings.
    others = sorted(set(asked) - {("full", settings.language)})
    return Policy(
        renderings={name: _rendering(settings, source) for name, source in settings.sources.items()},
        default=_rendering(settings, None),
        variants=tuple(variant_of(settings, *each) for each in (("full", settings.language), *others)),
        removal=RemovalRules(**settings.removal.model_dump()),
        quiet=quiet_of(settings),
    )


def first_variant(settings: Settings) -> str:
    """Return the variant that calendars without a rule show."""
    return _variant_name("full", settings.language)


def variant_of(settings: Settings, redaction: Redaction, language: Language) -> Variant:
    """Return how VEVENTs of one redaction and language are written. Raises SettingsError."""
    secret = secret_of(settings).hex() if redaction == "busy" else ""
    return Variant(_variant_name(redaction, language), redaction, translator(language), secret)


def _variant_name(redaction: Redaction, language: Language) -> str:
    return f"{redaction}-{language}"


def calendars_with_rules(settings: Settings) -> tuple[Calendar, ...]:
    """Return the calendars that have a rule of their own in the settings."""
    return tuple(_calendar(name, each, settings.language) for name, each in settings.calendars.items())


def _calendar(name: str, settings: CalendarSettings, language: Language) -> Calendar:
    language = settings.language or language
    title = translator(language)("Busy") if settings.redact == "busy" else f"TrueConf: {name}"
    rule = Rule(
        owners=_casefold_all(settings.owner),
        participants=_casefold_all(settings.participant),
        topics=_casefold_all(settings.topic),
        modes=_casefold_all(settings.mode),
        access=_casefold_all(settings.access),
        accounts=_casefold_all(settings.account),
    )
    return Calendar(
        name,
        settings.title or title,
        None,
        _variant_name(settings.redact, language),
        rule,
        settings.redact,
        settings.color,
        settings.transparent,
    )


def _casefold_all(values: Iterable[str]) -> frozenset[str]:
    return frozenset(value.casefold() for value in values)


def _rendering(settings: Settings, source: SourceSettings | None) -> Rendering:
    zone = (source and source.timezone) or settings.timezone
    return Rendering(
        weekly=WeeklyRules(zone, settings.weekly_days, settings.weekly_time),
        join_url=(source and source.join_url) or JOIN_URL,
        people=settings.people == "description",
    )


def quiet_of(settings: Settings) -> dict[str, QuietHours]:
    """Return when no list is expected, for every source."""
    return {
        name: QuietHours(parse_quiet(each.quiet) if each.quiet else (), each.timezone or settings.timezone)
        for name, each in settings.sources.items()
    }


def keep_rules_of(settings: Settings) -> KeepRules:
    """Return how much rejected input is kept."""
    return KeepRules(**settings.rejected.model_dump())


_NO_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)


def digest_program(settings: Settings) -> str:
    """
    Return the digest by which replicas see whether they work alike; it does not depend on the time.

    Of the secret it has sixteen bits: enough to see that two differ, too few to guess one by.
    """
    secret = hmac.digest(secret_of(settings), b"confcal replicas", "sha256")[:2]
    parts = (
        rendering_digest(policy_of(settings), _NO_MOMENT),
        sorted(settings.sources),
        secret,
        sorted((name, calendar.model_dump_json()) for name, calendar in settings.calendars.items()),
        RemovalRules(**settings.removal.model_dump()),
    )
    return sha256(repr(parts).encode()).hexdigest()


def rendering_digest(policy: Policy, now: datetime) -> str:
    """
    Return a digest of all that decides how VEVENTs look. When it changes, they are rendered again.

    `now` counts in so far as a zone's present rules are in force or still to come, see `weekly.ruled_from`.
    """
    zones = {rendering.weekly.timezone for rendering in (policy.default, *policy.renderings.values())}
    in_force = [zone for zone in sorted(zones) if (rules := compact_zone(zone)) and rules.valid_from <= now]
    parts = (
        RENDERING,
        version("confcal"),
        in_force,
        data_version(),
        # A source that renders as any other does changes nothing by coming or going.
        sorted((name, each) for name, each in policy.renderings.items() if each != policy.default),
        policy.default,
        [(each.name, each.redaction, each.secret) for each in policy.variants],
    )
    return sha256(repr(parts).encode()).hexdigest()
