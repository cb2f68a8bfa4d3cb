"""
The address of the daemon on this machine, read without the model of the settings, which loads slowly.
"""

import os
from contextlib import suppress

from service.settings.hosts import DEFAULT_HOST, DEFAULT_PORT, check_hosts

_HOST, _PORT, _CONFIG_FILE = "CONFCAL_HOST", "CONFCAL_PORT", "CONFCAL_CONFIG_FILE"
_LAST_PORT = 65535


def guess_own_address() -> tuple[str, int] | None:
    """
    Return CONFCAL_HOST and CONFCAL_PORT as the variables alone give them.

    None stands for anything that only `load_settings` can judge: a TOML file, an empty or a wrong value.
    """
    wanted = {_HOST, _PORT, _CONFIG_FILE}
    named = {name.upper(): value for name, value in os.environ.items() if name.upper() in wanted}
    host, port = named.get(_HOST, DEFAULT_HOST).strip(), named.get(_PORT, str(DEFAULT_PORT)).strip()
    if _CONFIG_FILE in named or not host or not (port.isascii() and port.isdecimal()):
        return None
    with suppress(ValueError):
        # Port 0 means that the system chooses, so the port is not known.
        return (check_hosts(host), int(port)) if 0 < int(port) <= _LAST_PORT else None
    return None
