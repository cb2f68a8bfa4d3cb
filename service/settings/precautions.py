"""
Warnings about settings that let others in, given at the start and by `confcal check`.
"""

import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from pathlib import Path

from service.core.needs import OpenSecret
from service.settings.model import Settings
from service.settings.names import annotation_of, is_secret, variable
from service.settings.origins import Configuration
from service.store.ownership import describe_owner, readable_by_others

_MAPPED = IPv6Network("::ffff:0:0/96")
"""IPv4 as IPv6 writes it."""


def warnings_of(configuration: Configuration) -> Iterator[str]:
    """Yield a sentence for each setting, file or folder that lets others in. It contains no secret."""
    yield from map(_describe_open, _open_files(configuration))
    yield from _describe_folder(configuration.settings)
    yield from _open_proxies(configuration.settings)


def find_open_secrets(configuration: Configuration) -> tuple[OpenSecret, ...]:
    """Return the files with secrets, and the data folder, that every user of the machine gets at."""
    folder = _open_folder(configuration.settings)
    return (*_open_files(configuration), *((OpenSecret(str(folder), ""),) if folder else ()))


def _open_files(configuration: Configuration) -> Iterator[OpenSecret]:
    """Yield the files with secrets that any user of the machine can read or write."""
    holding: dict[Path, list[str]] = defaultdict(list)
    for place, origin in configuration.origins.items():
        file = origin.value_in or origin.said_in
        if file and is_secret(annotation_of(Settings, place)):
            holding[file].append(variable(*place))
    settings = configuration.settings
    if settings.secret is None and settings.data_dir is not None:
        holding[settings.data_dir / "secret"].append("CONFCAL_SECRET")
    for file, names in holding.items():
        if readable_by_others(file):
            yield OpenSecret(str(file), ", ".join(sorted(names)))


def _describe_open(each: OpenSecret) -> str:
    return (
        f"{each.path} holds {each.holds}, and every user of this machine can read it: "
        f"chmod 600 {each.path}, and let confcal's user own it"
    )


def _open_folder(settings: Settings) -> Path | None:
    """Return the data folder where others get at it."""
    folder = settings.data_dir
    if folder is None or not (settings.database_url is None or settings.secret is None):
        return None
    try:
        mode = stat.S_IMODE(folder.stat().st_mode)
    except OSError:
        return None
    return folder if mode & stat.S_IRWXO else None


def _describe_folder(settings: Settings) -> Iterator[str]:
    folder = _open_folder(settings)
    if folder:
        yield (
            f"CONFCAL_DATA_DIR: others may look into it ({describe_owner(folder)}): give confcal a folder of "
            "its own, mode 0700"
        )


def _open_proxies(settings: Settings) -> Iterator[str]:
    """Yield a sentence where every address counts as that of a proxy, so that anybody may claim a name."""
    header, proxies = settings.people_header, settings.trusted_proxies
    if header and not proxies:
        yield (
            "CONFCAL_PEOPLE_HEADER is believed of nobody, so /me leads nowhere: set CONFCAL_TRUSTED_PROXIES "
            "to the address of the proxy that people sign in at, like 127.0.0.1/32"
        )
    every = [family for family in ("IPv4", "IPv6") if family in _find_covered_families(proxies)]
    if every:
        believed = f"X-Forwarded-For and {header}" if header else "X-Forwarded-For"
        yield (
            f"CONFCAL_TRUSTED_PROXIES covers every {' and '.join(every)} address, so anybody may pretend to "
            f"be another by {believed}: write the addresses of your proxies alone, like 127.0.0.1/32"
        )


def _find_covered_families(networks: Iterable[str]) -> set[str]:
    four: list[IPv4Network] = []
    six: list[IPv6Network] = []
    for network in map(ip_network, networks):
        match network:
            case IPv4Network():
                four.append(network)
            case IPv6Network() if network.subnet_of(_MAPPED):
                four.append(_to_ipv4(network))
            case IPv6Network():
                six.append(network)
    if any(network.supernet_of(_MAPPED) for network in collapse_addresses(six)):
        four.append(IPv4Network("0.0.0.0/0"))
    covered = set()
    if any(network.prefixlen == 0 for network in collapse_addresses(four)):
        covered.add("IPv4")
    if any(network.prefixlen == 0 for network in collapse_addresses(six)):
        covered.add("IPv6")
    return covered


def _to_ipv4(network: IPv6Network) -> IPv4Network:
    mapped = network.network_address.ipv4_mapped
    assert mapped is not None  # noqa: S101 -- it is within the network of mapped addresses
    return IPv4Network((mapped, network.prefixlen - _MAPPED.prefixlen))
