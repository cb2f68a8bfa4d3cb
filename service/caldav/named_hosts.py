"""
Entries of TRUSTED_HOSTS: host, host:port or *.domain.
"""

import re

ENTRY = re.compile(
    r"""
    (?P<host> \*\.[\w-]+(?:\.[\w-]+)+ | [\w-]+(?:\.[\w-]+)* | \[[0-9A-Fa-f:.]+\] )
    (?: : (?P<port>\d{1,5}) )?
    """,
    re.VERBOSE,
)

_PORTS = range(1, 65536)


def check_host(entry: str) -> str:
    """Return an entry of TRUSTED_HOSTS in lower case. Raises ValueError with the form that is wanted."""
    matched = ENTRY.fullmatch(entry.strip())
    if not matched or (matched["port"] and int(matched["port"]) not in _PORTS):
        raise ValueError("write hosts like dav.example.com, dav.example.com:8443 or *.example.com")
    return entry.strip().lower()
