"""
How a process makes itself known among the replicas.
"""

import secrets
import socket
from importlib.metadata import version

from service.app.clock import lease_clock, utc_now
from service.app.leaseholder import LeaseHolder
from service.app.policy import digest_program
from service.core.lease import FOR_GOOD, LeaseTerms
from service.core.replicas import Replica
from service.publishing.ports import Database
from service.settings.model import Settings
from service.settings.paths import database_url
from service.store.engine import file_of, repeat_when_ended


async def join_replicas(settings: Settings, store: Database) -> LeaseHolder:
    """Make this process known among the replicas, by a name of its own. Raises StoreUnavailable."""
    holder = f"{socket.gethostname()}-{secrets.token_hex(3)}"
    replica = Replica(holder, version("confcal"), digest_program(settings), started_at=utc_now())
    # One daemon has an SQLite file for itself: it loses nothing, however long its machine stands still.
    terms = FOR_GOOD if file_of(database_url(settings)) else LeaseTerms(settings.lease)
    leases = LeaseHolder(store.leases, replica, terms, clock=lease_clock)
    await repeat_when_ended(leases.join)
    return leases
