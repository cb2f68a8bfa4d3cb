"""
What leases and wake-ups cost with many replicas: a simulation of rounds, with the daemon's own division.

    python -m bench.replicas [--replicas 1000] [--parts 2000]

Every replica renews each five seconds, reads who holds what if that changed, and takes or releases its
share. Here all read the same moment, which is the worst case: they want the same free parts. Rows and
statements are counted.
The exit code is 1 where a round in which nothing happens still moves a part, or shares end up unequal.
"""

import sys
import time
from collections import Counter
from dataclasses import dataclass, field

import click

from service.core.lease import Lease
from service.core.replicas import Census, Replica, divide

RENEW_SECONDS = 5
MOST_ROUNDS = 12
"""A minute: so soon a new replica is to have its share."""


@dataclass
class Database:
    """
    The rows of `leases` and `replicas`, and what was asked for.
    """

    parts: list[str]
    leases: dict[str, Lease] = field(default_factory=dict)
    replicas: dict[str, Replica] = field(default_factory=dict)
    counted: Counter[str] = field(default_factory=Counter)
    moves: int = 0
    """How often a lease was taken, released or lost."""

    read: dict[str, int] = field(default_factory=dict)
    """How many moves there were when a replica last read all leases."""

    def census(self) -> Census:
        """Return who holds what now."""
        return Census(tuple(self.replicas.values()), dict(self.leases))

    def round(self) -> Counter[str]:
        """Let every replica renew and divide once; what that cost."""
        self.counted.clear()
        census, moves = self.census(), self.moves
        owned: dict[str, list[str]] = {}
        for name, lease in census.leases.items():
            owned.setdefault(lease.holder, []).append(name)
        for replica in census.replicas:
            own = owned.get(replica.holder, [])
            started = time.process_time()
            shares = divide(self.parts, own, replica, census)
            self.counted["microseconds of dividing"] += round((time.process_time() - started) * 1e6)
            self.counted["rows written"] += 1 + len(own)
            news = self.read.get(replica.holder) != moves
            self.read[replica.holder] = moves
            self.counted["rows read"] += len(census.replicas) + 1 + news * len(census.leases)
            self.counted["statements"] += 7 + news + bool(shares.take) + bool(shares.release)
            self._move(replica.holder, shares.take, shares.release)
        return Counter(self.counted)

    def _move(self, holder: str, take: tuple[str, ...], release: tuple[str, ...]) -> None:
        for name in take:
            won = name not in self.leases
            self.counted["taken" if won else "wanted in vain"] += 1
            if won:
                self.leases[name] = Lease(name, holder, 1)
                self.moves += 1
        for name in release:
            del self.leases[name]
            self.moves += 1
            self.counted["released"] += 1

    def join(self, holders: list[str]) -> None:
        """Start replicas."""
        self.replicas |= {holder: Replica(holder, "1") for holder in holders}

    def kill(self, holders: list[str]) -> None:
        """Have replicas gone and their leases expired."""
        for holder in holders:
            del self.replicas[holder]
        gone = set(holders)
        self.leases = {name: lease for name, lease in self.leases.items() if lease.holder not in gone}
        self.moves += len(gone)

    def is_fair(self) -> bool:
        """Return whether every part is held, and nobody has more than a share."""
        held = Counter(lease.holder for lease in self.leases.values())
        share = -(-len(self.parts) // len(self.replicas))
        return len(self.leases) == len(self.parts) and max(held.values()) <= share


def settle(database: Database) -> int:
    """Make rounds until shares are fair; how many, or more than `MOST_ROUNDS`."""
    for number in range(1, MOST_ROUNDS + 1):
        database.round()
        if database.is_fair():
            return number
    return MOST_ROUNDS + 1


@click.command()
@click.option("--replicas", default=1000, show_default=True)
@click.option("--parts", default=2000, show_default=True, help="Sources and targets.")
def main(*, replicas: int, parts: int) -> None:
    """Simulate the leases of many replicas."""
    names = [f"replica{number:05}" for number in range(replicas)]
    database = Database([f"source/room{number:06}" for number in range(parts)])
    good = True
    killed = names[: replicas // 10]
    for what, gone, come in (
        ("all start at once", [], names),
        ("a tenth is killed", killed, []),
        ("it starts again", [], killed),
    ):
        database.kill(gone)
        database.join(come)
        rounds = settle(database)
        good &= rounds <= MOST_ROUNDS
        told = f"{rounds * RENEW_SECONDS} s" if rounds <= MOST_ROUNDS else "MISSED"
        click.echo(f"{what + ', until shares are fair':<44}{told:>14}  (at most 60 s)")
    # What moved last is read once more.
    database.round()
    quiet = database.round()
    moved = quiet["taken"] + quiet["released"]
    good &= moved == 0
    rows = (
        ("parts that move when nothing happens", moved),
        ("rows read a second, by all", quiet["rows read"] // RENEW_SECONDS),
        ("rows read once by all, when a part moves", replicas * parts),
        ("rows written a second, by all", quiet["rows written"] // RENEW_SECONDS),
        ("statements a second, by all", quiet["statements"] // RENEW_SECONDS),
        ("CPU of dividing, ms a replica and round", quiet["microseconds of dividing"] / replicas / 1e3),
        ("wake-ups of replicas, for each changed list", replicas),
    )
    for name, value in rows:
        click.echo(f"{name:<44}{value:>14,.4g}" if isinstance(value, float) else f"{name:<44}{value:>14,}")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
