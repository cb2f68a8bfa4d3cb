"""
What the settings mean for conferences and VEVENTs.
"""

from hashlib import sha256
from importlib.metadata import version

from service.core.ical import RENDERING
from service.core.removal import RemovalRules
from service.core.revision import Policy, Variant
from service.core.vevent import JOIN_URL, Rendering
from service.core.weekly import WeeklyRules
from service.language import translator
from service.settings import Settings, SourceSettings


def policy_of(settings: Settings) -> Policy:
    """Return the policy that the settings ask for."""
    language = settings.language
    return Policy(
        renderings={name: _rendering(settings, source) for name, source in settings.sources.items()},
        default=_rendering(settings, None),
        variants=(Variant(f"full-{language}", "full", translator(language)),),
        removal=RemovalRules(**settings.removal.model_dump()),
    )


def _rendering(settings: Settings, source: SourceSettings | None) -> Rendering:
    zone = (source and source.timezone) or settings.timezone
    return Rendering(
        weekly=WeeklyRules(zone, settings.weekly_days, settings.weekly_time),
        join_url=(source and source.join_url) or JOIN_URL,
        people=settings.people == "description",
    )


def rendering_digest(policy: Policy) -> str:
    """
    Return a digest of all that decides how VEVENTs look: when it changes they are rendered anew.
    """
    parts = (
        RENDERING,
        version("tzdata"),
        sorted(policy.renderings.items()),
        policy.default,
        [(variant.name, variant.redaction) for variant in policy.variants],
    )
    return sha256(repr(parts).encode()).hexdigest()
