"""
The version that brought each setting. A new setting is added here with the next version.
"""

from typing import Final

from service.settings.names import Place

_NAMES: Final = {
    "0.1.0": """
        timezone weekly_days weekly_time language people public_url host port data_dir database_url secret
        admin_token trusted_proxies calendars_for_people poll_every log_format log_level config_file
        sources.url sources.pin sources.timezone sources.server sources.account sources.join_url
        sources.ingest_token
        calendars.title calendars.owner calendars.participant calendars.topic calendars.mode calendars.access
        calendars.account calendars.redact calendars.color calendars.language
        targets.url targets.calendar targets.collection targets.create targets.auth targets.username
        targets.password targets.token targets.client_id targets.client_secret targets.refresh_token
        targets.token_url targets.client_certificate targets.client_key targets.ca_file targets.trusted_hosts
        targets.concurrency targets.timeout targets.attendees targets.reminders targets.on_remote_change
        targets.on_remote_delete targets.audit_every targets.quirks
        removal.missing_lists removal.missing_for removal.hold_share removal.hold_count removal.hold_lists
        removal.hold_for removal.keep_ended
        rejected.keep rejected.keep_for
    """,
    "0.2.0": """
        calendars.transparent targets.transparent journal.keep_for secret_previous
        notify.url notify.events notify.after notify.digest lease sources.quiet people_header
    """,
}

_SINCE: Final = {name: version for version, names in _NAMES.items() for name in names.split()}


def since(place: Place) -> str:
    """Return the version that brought a setting, like `sources.url`. Raises KeyError."""
    return _SINCE[".".join(place)]
