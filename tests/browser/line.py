"""
A slow line, as Chromium imitates it, and what came over it for one page.
"""

from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import CDPSession, Page

BYTES_PER_SECOND = 50_000
ROUND_TRIP_MS = 60


@dataclass
class Line:
    """
    What the browser tells of a visit: moments in seconds of one clock, and bytes with the heads of answers.
    """

    asked_at: float = 0.0
    loaded_at: float = 0.0
    arrived: dict[str, int] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    async def watch(self, debugger: CDPSession) -> None:
        """Make the line of a page slow, and take notes of what it loads."""
        debugger.on("Network.requestWillBeSent", self._ask)
        debugger.on("Network.dataReceived", self._receive)
        debugger.on("Network.loadingFinished", self._finish)
        debugger.on("Page.loadEventFired", self._load)
        await debugger.send("Network.enable")
        await debugger.send("Page.enable")
        await debugger.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": ROUND_TRIP_MS,
                "downloadThroughput": BYTES_PER_SECOND,
                "uploadThroughput": BYTES_PER_SECOND,
            },
        )

    def _ask(self, event: dict[str, Any]) -> None:
        self.asked_at = self.asked_at or event["timestamp"]
        before, _, name = event["request"]["url"].partition("?")[0].rpartition("/")
        self.names[event["requestId"]] = "the page" if before.endswith("/calendars") else name

    def _receive(self, event: dict[str, Any]) -> None:
        # A page that is loaded anew before it was whole never finishes.
        self.arrived[event["requestId"]] = (
            self.arrived.get(event["requestId"], 0) + event["encodedDataLength"]
        )

    def _finish(self, event: dict[str, Any]) -> None:
        self.arrived[event["requestId"]] = int(event["encodedDataLength"])

    def _load(self, event: dict[str, Any]) -> None:
        self.loaded_at = event["timestamp"]

    @property
    def seconds(self) -> float:
        """How long it took until the page and all that it loads was there, scripts as well."""
        return self.loaded_at - self.asked_at

    @property
    def bytes(self) -> int:
        """How much arrived."""
        return sum(self.arrived.values())

    def describe(self) -> str:
        """Return the figures, for whoever reads why a test failed."""
        parts = ", ".join(f"{self.names[key]} {count}" for key, count in self.arrived.items() if count)
        carrying = self.bytes / BYTES_PER_SECOND
        return (
            f"{self.seconds:.2f} s, of which the line needs {carrying:.2f} s for {self.bytes} bytes: {parts}"
        )


async def slow_line(page: Page) -> Line:
    """Return the line of a page, which is slow from now on."""
    line = Line()
    await line.watch(await page.context.new_cdp_session(page))
    return line
