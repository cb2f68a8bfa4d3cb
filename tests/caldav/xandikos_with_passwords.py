"""
Xandikos on loopback with its own password check, which its command line only allows over TLS.

    python xandikos_with_passwords.py DIRECTORY HTPASSWD PORT
"""

import os
import sys
from pathlib import Path
from typing import Any

from aiohttp import web
from xandikos.htpasswd import HtpasswdFile
from xandikos.web import (
    WELLKNOWN_DAV_PATHS,
    RedirectDavHandler,
    SingleUserFilesystemBackend,
    XandikosApp,
    basic_auth_middleware,
)

PRINCIPAL = "/alice/"


def main(directory: str, htpasswd: str, port: int) -> None:
    # Its functions have no types.
    backend: Any = SingleUserFilesystemBackend(directory)
    backend._mark_as_principal(PRINCIPAL)
    if not os.path.isdir(os.path.join(directory, "alice")):  # noqa: PTH118, PTH112 -- as Xandikos names it
        backend.create_principal(PRINCIPAL, create_defaults=True)
    xandikos: Any = XandikosApp(backend, current_user_principal=PRINCIPAL, state_dir=directory + ".state")

    async def handle(request: web.Request) -> web.StreamResponse:
        answer: web.StreamResponse = await xandikos.aiohttp_handler(request, "/")
        return answer

    password_check: Any = basic_auth_middleware
    app = web.Application(middlewares=[password_check(HtpasswdFile(htpasswd))], client_max_size=100_000_000)
    for path in WELLKNOWN_DAV_PATHS:
        app.router.add_route("*", path, RedirectDavHandler("/").__call__)
    app.router.add_route("*", "/{path_info:.*}", handle)
    # git's lock files outlive a killed process, and Xandikos answers every write with an error until somebody
    # removes them; a service unit does so before it starts.
    for lock in Path(directory).rglob("*.lock"):
        lock.unlink()
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
