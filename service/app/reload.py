"""
New settings for a running daemon. What they do not change goes on untouched.
"""

from contextlib import suppress

from service.app.arrivals import expect_lists
from service.app.build import Parts, pages_of, web_of
from service.app.clock import utc_now
from service.app.feeds import feeds_of
from service.app.policy import digest_program, keep_rules_of, policy_of, rendering_digest
from service.app.start_journal import record_start, secrets_of
from service.core.errors import StoreUnavailable
from service.settings.accounts import accounts_of, find_pinned_accounts
from service.settings.model import Settings
from service.settings.paths import exposure, public_url


async def apply_settings(parts: Parts, settings: Settings) -> None:
    """
    Have the daemon work by these settings, which `compare_settings` gave, from now on.

    Raises SettingsError and StoreUnavailable; then nothing was changed.
    """
    url = public_url(settings, parts.listening[0].getsockname()[1])
    policy, now = policy_of(settings), utc_now()
    # What can fail comes first.
    targets = parts.targets.prepare(settings)
    notifiers = parts.notifiers.prepare(settings, url)
    pages_of(settings, url)
    feeds = feeds_of(settings, parts.store, lambda: parts.synchronizer.state, url)
    if feeds.rules == parts.feeds.rules:
        feeds = parts.feeds
    else:
        await feeds.start()
    parts.leases.announce(digest_program(settings))
    with parts.leases.try_rendering() as allowed:
        digest = rendering_digest(policy, now)
        await parts.synchronizer.apply(policy, rendering=digest, now=now, may_render=allowed)
    before, parts.settings, parts.url, parts.feeds = parts.settings, settings, url, feeds
    feeds.mark_changed()
    parts.calendars.directory = feeds.directory
    parts.journal.quiet = policy.quiet
    parts.metrics.sources.quiet = policy.quiet
    parts.rejections.rules = keep_rules_of(settings)
    parts.posted_events.apply(accounts_of(settings), find_pinned_accounts(settings))
    parts.sources.apply(settings)
    parts.timetable.apply(parts.sources.all, settings.poll_every)
    parts.targets.apply(settings, targets)
    parts.notifiers.apply(notifiers)
    for name in before.sources.keys() - settings.sources.keys():
        parts.metrics.sources.forget(name)
    expect_lists(parts.metrics.sources, parts.synchronizer, settings.sources.keys() - before.sources.keys())
    parts.reporter.settings_in_force = settings
    parts.reporter.endpoints = tuple(parts.sources.all.values())
    parts.reporter.exposure = exposure(settings, url)
    parts.web.app = web_of(parts)
    parts.live.notify()
    parts.visitors.live.notify()
    with suppress(StoreUnavailable):
        # Otherwise the next start records it.
        secrets, program = secrets_of(settings), parts.reporter.version
        await record_start(parts.store.journal, settings, secrets, program, now)
