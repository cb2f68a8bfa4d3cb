"""
What the commands that decide about held lists share.
"""

from collections.abc import Awaitable, Callable

from service.app.offline import with_synchronizer
from service.app.synchronizer import Synchronizer
from service.commands.acting import name_database
from service.commands.speech import say
from service.core.conference import Account
from service.core.errors import UnknownName
from service.core.nearest import suggest
from service.core.trueconf_id import TrueConfId
from service.settings.load import load_settings

Decide = Callable[[Synchronizer, Account], Awaitable[int]]
"""Decides about the held list of an account, and returns how many conferences that concerned."""


async def decide_held(account: str | None, decide: Decide, outcome: str) -> None:
    """
    Decide about the held list of one account, or about all, and print the `outcome`.

    Raises UnknownName.
    """
    settings = load_settings()
    wanted = TrueConfId.parse(account).folded if account else None
    async with with_synchronizer(settings) as synchronizer:
        held = [known.account for known in synchronizer.state.order_accounts() if known.held]
        chosen = [each for each in held if wanted in (None, TrueConfId.parse(str(each)).folded)]
        if account and not chosen:
            hint = suggest(account, map(str, held)) or "; `confcal held` shows those that are"
            raise UnknownName(f"no list of {account} is held{hint}")
        name_database(settings)
        for each in chosen:
            count = await decide(synchronizer, each)
            say(f"{each}: {count} {'conference' if count == 1 else 'conferences'} {outcome}")
        if not chosen:
            say("No list is held.")
