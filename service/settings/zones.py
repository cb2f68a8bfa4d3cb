"""
The zones in the settings, and what the settings leave open about them.
"""

from service.core.weekly import WeeklyRules
from service.core.zone_survey import Reading
from service.settings.model import Settings
from service.settings.names import variable


def zone_readings(settings: Settings) -> tuple[Reading, ...]:
    """Return how weekly conferences are read: by default, then by each source with a zone of its own."""
    own = {name: each.timezone for name, each in settings.sources.items() if each.timezone}
    others = frozenset(name for name in settings.sources if name not in own)
    time_given = "weekly_time" in settings.model_fields_set
    default = Reading(
        variable("timezone"),
        _rules(settings, settings.timezone),
        zone_given="timezone" in settings.model_fields_set,
        time_given=time_given,
        sources=others,
        used=bool(others) or not own,
    )
    return (
        default,
        *(
            Reading(
                variable("sources", name, "timezone"),
                _rules(settings, zone),
                zone_given=True,
                time_given=time_given,
                sources=frozenset({name}),
            )
            for name, zone in own.items()
        ),
    )


def _rules(settings: Settings, zone: str) -> WeeklyRules:
    return WeeklyRules(zone, settings.weekly_days, settings.weekly_time)
