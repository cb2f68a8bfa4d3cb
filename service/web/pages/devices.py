"""
What a User-Agent reveals about the viewer's device.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class System(StrEnum):
    """
    What runs on a device.
    """

    IOS = "ios"
    """iPadOS too, unless Safari on an iPad calls itself a Mac, which it does at first."""

    ANDROID = "android"
    MACOS = "macos"
    WINDOWS = "windows"
    CHROMEOS = "chromeos"
    LINUX = "linux"
    UNKNOWN = "unknown"


# In this order: Google's and Opera's apps name themselves alike on Android and iOS, and every browser on iOS
# may ask for the pages of a desktop, as a Macintosh.
_SYSTEMS = (
    (re.compile(r"Android"), System.ANDROID),
    (re.compile(r"iPhone|iPad|iPod|CriOS|FxiOS|EdgiOS|OPiOS|OPT/|GSA/"), System.IOS),
    (re.compile(r"Macintosh"), System.MACOS),
    (re.compile(r"Windows"), System.WINDOWS),
    (re.compile(r"CrOS"), System.CHROMEOS),
    (re.compile(r"Linux|X11"), System.LINUX),
)
_NOT_SAFARI = re.compile(r"CriOS|FxiOS|EdgiOS|OPiOS|OPT/|GSA/|YaBrowser|DuckDuckGo")


@dataclass(frozen=True, slots=True)
class Device:
    """
    A device, as far as its browser reveals it.
    """

    system: System
    handheld: bool = False
    """Whether it is a phone or a tablet."""

    safari: bool = True
    """Whether the browser may be Safari; asked on iOS only."""


def device_of(agent: str) -> Device:
    """Return the device that a User-Agent names."""
    system = next((system for pattern, system in _SYSTEMS if pattern.search(agent)), System.UNKNOWN)
    handheld = system in {System.IOS, System.ANDROID} or "Mobile" in agent
    return Device(system, handheld, safari=not _NOT_SAFARI.search(agent))
