"""
The map from TrueConf IDs to e-mail addresses: `CONFCAL_TARGETS__<NAME>__ATTENDEES`.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from service.core.errors import SettingsError
from service.publishing.resource import address_book
from service.settings.toml_text import parse_toml


def address_map(name: str, path: Path | None) -> Mapping[str, str]:
    """Return the e-mail addresses that may be written. Raises SettingsError."""
    if path is None:
        return {}
    variable = f"CONFCAL_TARGETS__{name.upper()}__ATTENDEES"
    try:
        octets = path.read_bytes()
        is_json = path.suffix == ".json"
        return address_book(json.loads(octets.decode("utf-8-sig")) if is_json else parse_toml(octets))
    except OSError as error:
        raise SettingsError(
            f"{variable}: {path} cannot be read ({error.strerror}); name a readable file"
        ) from error
    except ValueError as error:
        raise SettingsError(
            f"{variable}: {path} is not a TOML or JSON table from TrueConf ID to e-mail address, "
            f'like "ivanov@video.example.com" = "ivanov@example.com" ({error})'
        ) from error
