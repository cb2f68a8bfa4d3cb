"""
PgBouncer in transaction mode, in front of a real PostgreSQL.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url

from tests.tools import missing

_CONFIGURATION = """\
[databases]
* = host={host} user={user}

[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
unix_socket_mode = 0777
listen_port = 6432
auth_type = any
pool_mode = transaction
default_pool_size = 3
server_reset_query_always = 0
server_lifetime = 3600
server_idle_timeout = 2
logfile = {folder}/log
pidfile =
admin_users = nobody
"""
"""
Three sessions for everybody: two transactions of one client seldom get the same one.

Each test has a database of its own; sessions that were kept for those of earlier tests would use up the
server's connections.
"""

_DEADLINE_SECONDS = 30


@contextmanager
def pooled(database: str, folder: Path) -> Iterator[str]:
    """Give the address of a database behind a pooler that keeps its socket and its log in `folder`."""
    program = shutil.which("pgbouncer", path=os.environ["PATH"] + os.pathsep + "/usr/sbin")
    if program is None:
        missing("NOT TESTED BEHIND PGBOUNCER: it is missing; install Debian's package pgbouncer")
    url = make_url(database)
    host = str(url.query["host"])
    file = folder / "pgbouncer.ini"
    file.write_text(_CONFIGURATION.format(host=host, user=url.username, folder=folder))
    # It refuses to run as root; who owns the server's folder may use its socket too.
    as_user = ["--user", Path(host).owner()] if os.geteuid() == 0 else []
    if as_user:
        shutil.chown(folder, as_user[1])
    process = subprocess.Popen([program, "--quiet", *as_user, str(file)])
    try:
        _await_socket(process, folder / ".s.PGSQL.6432")
        yield f"postgresql://{url.username}@/{url.database}?host={folder}&port=6432"
    finally:
        # Asked to end, it would wait for its clients from 1.23 on, and a test may have left one open.
        process.kill()
        process.wait(_DEADLINE_SECONDS)


def _await_socket(process: "subprocess.Popen[bytes]", socket: Path) -> None:
    until = time.monotonic() + _DEADLINE_SECONDS
    while not socket.is_socket():
        if process.poll() is not None or time.monotonic() > until:
            missing(f"NOT TESTED BEHIND PGBOUNCER: it does not start ({process.poll()})")
        time.sleep(0.02)
