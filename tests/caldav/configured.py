"""
Targets made from settings, on the server of a site.
"""

from service.app.calendar_collections import Calendars, ConfiguredKeys
from service.app.synchronizer import Synchronizer
from service.app.targets import Target
from service.calendars.calendar import calendars_of, entries_of
from service.core.revision import Policy
from service.publishing.resource import Extras
from service.settings.load import load_settings
from tests.app.directory import GivenDirectory
from tests.caldav.misbehaving import PASSWORD, USERNAME
from tests.caldav.site import Site
from tests.core.given import conference, listed
from tests.store.memory import MemoryStore


class ConfiguredTargets:
    """
    A database, and targets that publish what is in it; the ledger is the site's.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self.store = MemoryStore(site.ledger)
        self._synchronizer = Synchronizer(self.store, Policy())

    async def hear(self, count: int) -> None:
        """Accept a list of so many conferences."""
        await self._synchronizer.accept(listed(*(conference(str(number)) for number in range(count))))

    def of(self, *names: str, **differences: str) -> dict[str, Target]:
        """Return the targets with these names."""
        same = {"URL": self.site.url, "COLLECTION": "team", "USERNAME": USERNAME, "PASSWORD": PASSWORD}
        environ = {
            f"CONFCAL_TARGETS__{name.upper()}__{key}": value
            for name in names
            for key, value in (same | differences).items()
        }
        targets = load_settings({"CONFCAL_SECRET": "a secret of the tests", **environ}).targets
        directory = GivenDirectory(
            calendars_of(self._synchronizer.state.accounts, "full-en"),
            lambda calendar: entries_of(calendar, self._synchronizer.state),
        )
        calendars = Calendars(self.store, directory)
        return {
            name: Target(name, each, self.site.connection, Extras(), calendars, ConfiguredKeys(targets))
            for name, each in targets.items()
        }
