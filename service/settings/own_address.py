"""
The address of the daemon on this machine, read without the model of the settings, which loads slowly.
"""

import os
import tomllib
from pathlib import Path

from service.settings.hosts import DEFAULT_HOST, DEFAULT_PORT, check_hosts

PREFIX = "CONFCAL_"
_HOST, _PORT, _CONFIG_FILE = f"{PREFIX}HOST", f"{PREFIX}PORT", f"{PREFIX}CONFIG_FILE"
_LAST_PORT = 65535


def guess_own_address() -> tuple[str, int] | None:
    """
    Return CONFCAL_HOST and CONFCAL_PORT as the variables and the head of the TOML file give them.

    None stands for what only `load_settings` can judge: a wrong value, or a file that cannot be read.
    """
    wanted = {_HOST, _PORT, _CONFIG_FILE}
    named = {name.upper(): value for name, value in os.environ.items() if name.upper() in wanted}
    try:
        known = _read_head(named[_CONFIG_FILE]) | named if _CONFIG_FILE in named else named
        host, port = known.get(_HOST, DEFAULT_HOST).strip(), known.get(_PORT, str(DEFAULT_PORT)).strip()
        if not host or not (port.isascii() and port.isdecimal()):
            return None
        # Port 0 means that the system chooses, so the port is not known.
        return (check_hosts(host), int(port)) if 0 < int(port) <= _LAST_PORT else None
    except (OSError, ValueError):
        return None


def _read_head(file: str) -> dict[str, str]:
    """
    Return host and port from before the first table of a TOML file: the tables may name thousands of sources.

    Raises OSError, and ValueError where that part alone is not TOML.
    """
    head = f"\n{Path(file).read_text('utf-8')}".partition("\n[")[0]
    values = {f"{PREFIX}{name.upper()}": str(value) for name, value in tomllib.loads(head).items()}
    return {name: value for name, value in values.items() if name in {_HOST, _PORT}}
