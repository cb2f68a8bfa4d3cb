"""
How a process becomes one of the replicas on its database.
"""

from importlib.metadata import version

from service.app.clock import lease_clock, utc_now
from service.app.leaseholder import LeaseHolder, new_replica
from service.app.policy import digest_program
from service.core.lease import LeaseTerms
from service.core.revision import Policy
from service.publishing.ports import Database
from service.settings.model import Settings


async def join_replicas(settings: Settings, store: Database, policy: Policy) -> LeaseHolder:
    """Make this process known among the replicas. Raises StoreUnavailable."""
    replica = new_replica(version("confcal"), digest_program(policy), utc_now())
    leases = LeaseHolder(store.leases, replica, LeaseTerms(settings.lease), clock=lease_clock)
    await leases.join()
    return leases
