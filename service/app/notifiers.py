"""
The channels of the settings in force.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from service.app.clock import utc_now
from service.app.notifier import Notifier
from service.app.notify_texts import Texts
from service.app.policy import quiet_of
from service.core.journal import Journal
from service.core.notifications import NotifyEvent, NotifyRules
from service.core.quiet import QuietHours
from service.language import translator
from service.notify.channel import Channel, open_channel
from service.settings.model import Settings
from service.settings.names import variable
from service.settings.notify import NotifySettings


def texts_of(settings: Settings, url: str) -> Texts:
    """Return the words of messages, with links below the address `url`. Raises CatalogueMissing."""
    return Texts(translator(settings.language), ZoneInfo(settings.timezone), url)


def channel_of(name: str, settings: NotifySettings) -> Channel:
    """Return the channel of this name. Raises SettingsError."""
    return open_channel(variable("notify", name, "url"), settings.url.get_secret_value())


def rules_of(settings: Settings, channel: NotifySettings) -> NotifyRules:
    """Return which events a channel announces, and when."""
    events = frozenset(map(NotifyEvent, channel.events))
    zone = ZoneInfo(settings.timezone)
    return NotifyRules(events, channel.after, quiet_of(settings), channel.digest, zone)


def subjects_of(settings: Settings) -> dict[NotifyEvent, AbstractSet[str]]:
    """Return what troubles may be about, for those events whose subjects the settings name."""
    return {
        NotifyEvent.ROOM_SILENT: settings.sources.keys(),
        NotifyEvent.TARGET_INCOMPLETE: settings.targets.keys(),
    }


@dataclass(frozen=True, slots=True)
class Context:
    """
    What all channels depend on in addition to their own settings.
    """

    timezone: str
    language: str
    url: str
    quiet: tuple[tuple[str, QuietHours], ...]
    targets: frozenset[str]

    @classmethod
    def of(cls, settings: Settings, url: str) -> "Context":
        """Return it for settings and the address of the dashboard."""
        quiet = tuple(quiet_of(settings).items())
        return cls(settings.timezone, settings.language, url, quiet, frozenset(settings.targets))


@dataclass(frozen=True, slots=True)
class KeptNotifier:
    """
    A notifier with what it was made of.
    """

    settings: NotifySettings
    context: Context
    notifier: Notifier


@dataclass(slots=True)
class Notifiers:
    """
    The channels, each with what it remembers. One whose settings stay the same goes on untouched.
    """

    journal: Journal
    _made: Mapping[str, KeptNotifier] = field(default_factory=dict)

    @property
    def all(self) -> dict[str, Notifier]:
        """The notifiers, by the names of their channels."""
        return {name: each.notifier for name, each in self._made.items()}

    def prepare(self, settings: Settings, url: str) -> Mapping[str, KeptNotifier]:
        """Return what `apply` takes: everything that can be wrong is found here. Raises SettingsError."""
        context = Context.of(settings, url)
        return {name: self._keep(name, each, settings, context) for name, each in settings.notify.items()}

    def apply(self, made: Mapping[str, KeptNotifier]) -> None:
        """Go on with what `prepare` returned."""
        self._made = made

    def mark_written(self) -> None:
        """Have all channels look at the journal soon."""
        for each in self._made.values():
            each.notifier.wake.set()

    def _keep(self, name: str, channel: NotifySettings, settings: Settings, context: Context) -> KeptNotifier:
        before = self._made.get(name)
        if before and (before.settings, before.context) == (channel, context):
            return before
        notifier = Notifier(
            name,
            rules_of(settings, channel),
            channel_of(name, channel),
            journal=self.journal,
            texts=texts_of(settings, context.url),
            clock=utc_now,
            names=subjects_of(settings),
        )
        return KeptNotifier(channel, context, notifier)
