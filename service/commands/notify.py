"""
`confcal notify`: a test of the channels for messages to people.
"""

import asyncio

import click

from service.app.notifiers import channel_of, texts_of
from service.commands.speech import say
from service.core.errors import UnknownName
from service.core.nearest import suggest
from service.notify.channel import ChannelFailed, report_failures
from service.settings.load import load_settings
from service.settings.names import variable
from service.settings.paths import public_url


@click.group()
def notify() -> None:
    """
    Messages to people: mail, Telegram, Slack, Mattermost, a webhook, and whatever else Apprise knows.

    \b
    Example:
      confcal notify test ops
    """


@notify.command()
@click.argument("name")
def test(name: str) -> None:
    """
    Send a test message to the channel NAME, and say what its service answers.

    \b
    Example:
      confcal notify test ops
    """
    settings = load_settings()
    channels = {each.lower(): channel for each, channel in settings.notify.items()}
    channel = channels.get(name.lower())
    if channel is None:
        hint = suggest(name, channels) or "; CONFCAL_NOTIFY__<NAME>__URL makes one"
        raise UnknownName(f"no channel is named {name}{hint}")
    sender = channel_of(name.lower(), channel)
    title, body = texts_of(settings, public_url(settings, settings.port)).test()
    with report_failures(lambda reason: say(reason, err=True)):
        try:
            asyncio.run(sender.send(title, body))
        except ChannelFailed as error:
            where = variable("notify", name, "url")
            raise ChannelFailed(f"{error}; correct {where}, or see whether its service works") from error
    say(f"Sent. Look whether it arrived at {name.lower()}.")
