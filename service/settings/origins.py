"""
The origin of each setting that was given.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from service.core.vevent import Translate
from service.settings.model import Settings
from service.settings.names import Place


@dataclass(frozen=True, slots=True)
class Origin:
    """
    Where one setting comes from: the environment, unless a file says it.
    """

    said_in: Path | None = None
    """The TOML file, or the file of `--env-file`."""

    value_in: Path | None = None
    """The file that holds the secret, where NAME_FILE was given."""

    by_option: bool = False
    """Whether an option of the command line stands for it."""

    def describe(self, gettext: Translate) -> str:
        """Return it for a person."""
        if self.by_option:
            return gettext("the command line")
        return str(self.said_in) if self.said_in else gettext("the environment")


Origins = Mapping[Place, Origin]


@dataclass(frozen=True, slots=True)
class Configuration:
    """
    The settings in effect, and where those that were given come from.
    """

    settings: Settings
    origins: Origins
