"""
The daemon's report about itself to `confcal check`.
"""

from importlib.metadata import version

from typing_extensions import override

from service.settings.model import Settings
from service.settings.paths import database_url
from service.store.inspection import identify
from service.store.schema import newest_revision
from service.web.self_report import SelfReport, SelfReporter


class DaemonReporter(SelfReporter):
    """
    Implements `service.web.self_report.SelfReporter`.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @override
    async def report(self) -> SelfReport:
        # The identity is read at each request: a file may have been replaced under the daemon.
        return SelfReport(version("confcal"), newest_revision(), await identify(database_url(self._settings)))
