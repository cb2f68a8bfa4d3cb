import asyncio
import itertools
import json
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from typing_extensions import override

from service.commands.speech import say
from service.core.errors import SettingsError
from service.settings.zone_names import zone_name
from service.simulator.server import Simulator, SimulatorOptions

_DEFAULT = SimulatorOptions()
_SECONDS = click.FloatRange(min=0, min_open=True)
_PORT = click.IntRange(0, 65535)


class _Zone(click.ParamType[str]):
    """
    An IANA time zone.
    """

    name = "zone"

    @override
    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return zone_name(value)
        except ValueError as error:
            self.fail(f"{value!r} {str(error).removeprefix('it ')}", param, ctx)


@click.command()
@click.option("--pin", help="Ask for this PIN; for none where left out.")
@click.option("--variant", type=click.Choice(["A", "B", "iso"]), default="A", show_default=True)
@click.option("--peer", default=_DEFAULT.peer, show_default=True, help="The logged-in user.")
@click.option("--domain", default=_DEFAULT.domain, show_default=True)
@click.option("--timezone", type=_Zone(), default=_DEFAULT.timezone, show_default=True)
@click.option("--days-basis", type=click.Choice(["local", "utc"]), default="local", show_default=True)
@click.option("--rolling", is_flag=True, help="Report the next occurrence of weekly conferences.")
@click.option("--list", "list_file", type=click.Path(path_type=Path), help="A list; read again on SIGHUP.")
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the list, without --list.")
@click.option(
    "--fragment", type=click.IntRange(min=1), help="Send longer frames in fragments of this many characters."
)
@click.option("--event-every", type=_SECONDS, help="Seconds between conferenceList events.")
@click.option("--changing-every", type=_SECONDS, help="Seconds after which the list changes by itself.")
@click.option("--drop-every", type=_SECONDS, help="Seconds after which all connections break.")
@click.option("--malformed-every", type=_SECONDS, help="Seconds between broken frames.")
@click.option("--other-peer", help="A second user, who takes turns with the first.")
@click.option(
    "--peer-every", type=_SECONDS, default=60.0, show_default=True, help="Seconds between the turns."
)
@click.option("--port", type=_PORT, default=8765, show_default=True, help="WebSocket port; 0 for any.")
@click.option("--web-port", type=_PORT, default=8764, show_default=True, help="Port of the discovery page.")
def simulate(**options: Any) -> None:
    """
    Stand in for a TrueConf Room on loopback, until Ctrl-C.

    \b
    Examples:
      confcal simulate --changing-every 10
      CONFCAL_SOURCES__LOBBY__URL=http://127.0.0.1:8764 confcal run
    """
    list_file, other = options.pop("list_file"), options.pop("other_peer")
    peer_every, fragment = options.pop("peer_every"), options.pop("fragment")
    conferences = _read_list(list_file) if list_file else None
    wanted = SimulatorOptions(conferences=conferences, fragment_characters=fragment, **_name_seconds(options))
    try:
        asyncio.run(_simulate(wanted, list_file, other, peer_every))
    except* OSError as group:
        reason = group.exceptions[0]
        raise SettingsError(f"--port: the simulator cannot listen: {reason}; choose other ports") from None


def _name_seconds(options: dict[str, Any]) -> dict[str, Any]:
    return {f"{name}_seconds" if name.endswith("_every") else name: value for name, value in options.items()}


async def _simulate(
    options: SimulatorOptions, list_file: Path | None, other: str | None, peer_every_seconds: float
) -> None:
    stop, again = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, again.set)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with Simulator(options) as simulator:
        click.echo(f"WebSocket  {simulator.url}")
        click.echo(f"Discovery  {simulator.web_url}")
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(_read_again(simulator, list_file, again))] if list_file else []
            if other:
                turns = itertools.cycle((other, options.peer))
                running.append(tasks.create_task(_take_turns(simulator, turns, peer_every_seconds)))
            await stop.wait()
            for task in running:
                task.cancel()


async def _read_again(simulator: Simulator, list_file: Path, again: asyncio.Event) -> None:
    while True:
        await again.wait()
        again.clear()
        try:
            conferences = _read_list(list_file)
        except SettingsError as error:
            # An editor may be in the middle of writing it; the next signal finds it whole.
            say(f"confcal: {error}; the list before it stays", err=True)
        else:
            await simulator.set_conferences(conferences)


async def _take_turns(simulator: Simulator, peers: Iterable[str], seconds: float) -> None:
    for peer in peers:
        await asyncio.sleep(seconds)
        await simulator.change_user(peer)


def _read_list(list_file: Path) -> list[dict[str, Any]]:
    try:
        content = json.loads(list_file.read_bytes())
    except (OSError, ValueError) as error:
        raise SettingsError(f"--list: {list_file} cannot be used: {error}") from error
    conferences = content.get("conferences") if isinstance(content, dict) else content
    if not isinstance(conferences, list):
        raise SettingsError(f"--list: {list_file} holds no list of conferences")
    return conferences
