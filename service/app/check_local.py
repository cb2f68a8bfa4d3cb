"""
What `confcal check` finds on this machine: settings and where they come from, the zone, the database.
"""

from collections import Counter
from collections.abc import Iterator

from service.app.findings import Finding, Verdict
from service.core.errors import NoDatabase, SettingsError, StoreUnavailable
from service.core.replicas import Census
from service.core.vevent import Translate
from service.core.zonedata import data_version
from service.settings.model import Settings
from service.settings.origins import Configuration
from service.settings.paths import database_url
from service.settings.precautions import warnings_of
from service.store.inspection import Inspection, inspect

_MEBIBYTE = 1024 * 1024
_GIBIBYTE = 1024 * _MEBIBYTE
_LITTLE = 200 * _MEBIBYTE
"""A day of journal and lists of a large installation fits many times."""


def check_settings(configuration: Configuration, gettext: Translate) -> Iterator[Finding]:
    """Yield the findings about the settings: where they come from, and which of them let other people in."""
    given = Counter(origin.describe(gettext) for origin in configuration.origins.values())
    if given:
        places = ", ".join(
            gettext("%(count)d from %(place)s") % {"count": count, "place": place}
            for place, count in sorted(given.items())
        )
        text = gettext("given: %(told)s") % {"told": places}
    else:
        text = gettext("none is given, so each has its default")
    yield Finding("settings", Verdict.GOOD, (text,))
    for warning in warnings_of(configuration):
        yield Finding("settings", Verdict.WARNING, (warning,))
    if not configuration.settings.sources:
        yield Finding(
            "sources",
            Verdict.FAILED,
            (gettext("there is none; set %(name)s") % {"name": "CONFCAL_SOURCES__<NAME>__URL"},),
        )


def check_zone(configuration: Configuration, gettext: Translate) -> Finding:
    """Return the organization's zone, and the version of the zone data."""
    text = gettext("%(zone)s (zone data: tzdata %(version)s)")
    return Finding(
        "zone",
        Verdict.GOOD,
        (text % {"zone": configuration.settings.timezone, "version": data_version()},),
    )


async def check_database(settings: Settings, gettext: Translate) -> Finding:
    """Return whether the database can be used. Raises SettingsError where its address is not valid."""
    try:
        found = await inspect(database_url(settings))
    except NoDatabase as error:
        text = gettext("%(reason)s It is made by the first `confcal run`.") % {"reason": f"{error}"}
        return Finding("database", Verdict.NOTICE, (text,))
    except SettingsError:
        raise
    except StoreUnavailable as error:
        return Finding("database", Verdict.FAILED, (str(error),))
    return _describe(found, gettext)


def _describe(found: Inspection, gettext: Translate) -> Finding:
    if found.refusal:
        return Finding("database", Verdict.FAILED, (found.refusal,))
    text = gettext("%(name)s: %(server)s, schema %(schema)s, writable, %(size)s") % {
        "name": found.name,
        "server": found.server,
        "schema": found.schema,
        "size": _amount(found.size_bytes),
    }
    verdict, lines = Verdict.GOOD, [text]
    if found.free_bytes is not None:
        lines[0] += gettext(", %(free)s free") % {"free": _amount(found.free_bytes)}
        if found.free_bytes < _LITTLE:
            verdict = Verdict.WARNING
            lines.append(gettext("its volume is nearly full: free some space"))
    if found.open_to_others:
        verdict = Verdict.WARNING
        lines.append(
            gettext("every user of this machine can read it (%(owner)s): chmod 600 it")
            % {"owner": found.open_to_others}
        )
    lines += _describe_replicas(found.census, gettext)
    if len({each.rendering for each in found.census.replicas}) > 1:
        verdict = Verdict.WARNING
        lines.append(
            gettext("the replicas differ in version or settings: stored events wait to be rendered anew")
        )
    return Finding("database", verdict, tuple(lines))


def _describe_replicas(census: Census, gettext: Translate) -> Iterator[str]:
    """Yield the living replicas, and what each of them runs."""
    for replica in census.replicas:
        parts = sorted(lease.name for lease in census.find_leases(replica.holder))
        yield gettext("replica %(name)s (confcal %(version)s) runs %(parts)s") % {
            "name": replica.holder,
            "version": replica.version,
            "parts": ", ".join(parts) or gettext("nothing"),
        }


def _amount(count: int) -> str:
    return f"{count / _GIBIBYTE:.1f} GiB" if count >= _GIBIBYTE else f"{count / _MEBIBYTE:.1f} MiB"
