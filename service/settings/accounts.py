"""
The account that a source's lists belong to, by the settings.
"""

from urllib.parse import urlsplit

from service.core.conference import Account
from service.core.pinning import account_named
from service.settings.model import Settings, SourceSettings


def accounts_of(settings: Settings) -> dict[str, Account]:
    """Return the accounts of all sources to which events may be posted."""
    named = settings.sources.items()
    return {name: account_of_source(name, source) for name, source in named if source.ingest_token}


def account_of_source(name: str, settings: SourceSettings) -> Account:
    """
    Return the account of posted lists, and of lists of an endpoint that names nobody.

    It is ACCOUNT where that is set, else the user with the name of the source on its server, or on its host
    where no server is set.
    """
    if pinned := find_pinned_account(settings):
        return pinned
    server = settings.server or urlsplit(settings.url or "").hostname or ""
    return Account(name, server.lower())


def find_pinned_account(settings: SourceSettings) -> Account | None:
    """Return the only account whose lists are taken from a source; None where any are."""
    return account_named(settings.account, server="") if settings.account else None


def find_pinned_accounts(settings: Settings) -> dict[str, Account]:
    """Return the accounts of all sources that are pinned to one."""
    named = ((name, find_pinned_account(source)) for name, source in settings.sources.items())
    return {name: account for name, account in named if account}
